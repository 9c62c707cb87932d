import { readFileSync } from "node:fs";
import { join } from "node:path";
import { addContainer, removeContainerRecord, readContainers } from "../../../src/lib/storage/containers";
import { newStorageId } from "../../../src/lib/names/ids";
import { changeRecord } from "../../../src/lib/storage/records";
import { storeLayout, type StoreLayout } from "../../../src/lib/storage/layout";
import { silentLogger } from "../../../src/lib/logger";
import { fileVersion } from "../../helpers/listing";
import { testdir } from "../../helpers/testdir";

const [a, b, c] = [newStorageId(), newStorageId(), newStorageId()];

/** A store of these records: of containers that live through a reboot, and volatile ones. */
function store(stable: string | undefined, volatile: string | undefined): StoreLayout {
  const directory = testdir({
    "overlay-containers/": null,
    ...(stable === undefined ? {} : { "overlay-containers/containers.json": stable }),
    ...(volatile === undefined ? {} : { "overlay-containers/volatile-containers.json": volatile }),
  });
  return storeLayout(directory, join(directory, "run"), "overlay");
}

function texts({ containersFiles }: StoreLayout): string[] {
  return containersFiles.map((file) => readFileSync(file, "utf8"));
}

const list = (...records: unknown[]): string => JSON.stringify(records);
const ids = (layout: StoreLayout): string[] => readContainers(layout, silentLogger).map(({ id }) => id);
const namesOf = (layout: StoreLayout): unknown[] =>
  readContainers(layout, silentLogger).map(({ names }) => names);

describe("reading both files", () => {
  test.each([
    ["both", list({ id: a }), list({ id: b }, { id: c }), [a, b, c]],
    ["only the older", list({ id: a }), undefined, [a]],
    ["only the volatile", undefined, list({ id: b }), [b]],
    ["an empty older one and the volatile", "", list({ id: b }), [b]],
    ["neither", undefined, undefined, []],
  ])("%s", (_, stable, volatile, expected) => {
    expect(ids(store(stable, volatile))).toEqual(expected);
  });

  test("a second record of an id does not count, and its names neither", () => {
    const layout = store(
      list({ id: a, names: ["x"] }, { id: a, names: ["second"] }),
      list({ id: b, names: ["y"] }, { id: a, names: ["third"] }),
    );
    expect(ids(layout)).toEqual([a, b]);
    expect(namesOf(layout)).toEqual([["x"], ["y"]]);
  });

  test("a name belongs to the last record that has it", () => {
    const layout = store(
      list({ id: a, names: ["x", "y"] }, { id: b, names: ["y"] }),
      list({ id: c, names: ["x", "z"] }),
    );
    expect(namesOf(layout)).toEqual([[], ["y"], ["x", "z"]]);
  });

  test("records without names keep none", () => {
    expect(namesOf(store(list({ id: a }, { id: b, names: null }), list({ id: c, names: [] })))).toEqual([
      undefined,
      null,
      [],
    ]);
  });
});

describe("changing", () => {
  const stable = { zeta: true, id: a, names: ["x"], metadata: "old", future: { b: 1, a: 2 } };
  const volatile = { metadata: "old", id: b, flags: { Volatile: true, x: null }, names: ["y"] };

  test("a volatile record is changed where it stands, field by field, and the other file is not written", () => {
    const layout = store(list(stable), list(volatile));
    const before = fileVersion(layout.containersFiles[0]);
    let touched = 0;
    const touch = (): void => {
      touched++;
    };
    expect(changeRecord(layout.containersFiles, touch, b, { metadata: "new" })).toBe(true);
    expect(changeRecord(layout.containersFiles, touch, b, { names: ["n", "m"] })).toBe(true);
    expect(texts(layout)).toEqual([
      list(stable),
      `[{"metadata":"new","id":"${b}","flags":{"Volatile":true,"x":null},"names":["n","m"]}]`,
    ]);
    expect(fileVersion(layout.containersFiles[0])).toEqual(before);
    expect(touched).toBe(2);
  });

  test("a record that lives through a reboot likewise", () => {
    const layout = store(list(stable), list(volatile));
    const before = fileVersion(layout.containersFiles[1]);
    expect(changeRecord(layout.containersFiles, () => {}, a, { metadata: "new" })).toBe(true);
    expect(texts(layout)).toEqual([list({ ...stable, metadata: "new" }), list(volatile)]);
    expect(fileVersion(layout.containersFiles[1])).toEqual(before);
  });

  test("of two records of one id the one that counts is changed, and both are dropped", () => {
    const layout = store(list({ id: a, metadata: "1" }), list({ id: a, metadata: "2" }, { id: b }));
    changeRecord(layout.containersFiles, () => {}, a, { metadata: "3" });
    expect(texts(layout)).toEqual([
      list({ id: a, metadata: "3" }),
      list({ id: a, metadata: "2" }, { id: b }),
    ]);
    removeContainerRecord(layout, () => {}, a);
    expect(texts(layout)).toEqual(["[]", list({ id: b })]);
  });

  test("a record that is not there is told, and nothing is written", () => {
    const layout = store(list(stable), list(volatile));
    const touch = (): void => {
      throw new Error("touched");
    };
    expect(changeRecord(layout.containersFiles, touch, c, { names: [] })).toBe(false);
    removeContainerRecord(layout, touch, c);
    expect(texts(layout)).toEqual([list(stable), list(volatile)]);
  });

  test("a new record goes to the end of the file of its place", () => {
    const added = { id: c, names: ["z"] };
    for (const place of ["stable", "flagged"] as const) {
      const layout = store(list(stable), list(volatile));
      addContainer(layout, () => {}, added, place);
      expect(texts(layout)).toEqual([list(stable, added), list(volatile)]);
    }
    const layout = store(list(stable), list(volatile));
    addContainer(layout, () => {}, added, "volatile");
    expect(texts(layout)).toEqual([list(stable), list(volatile, added)]);
  });
});
