import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { removeRecord, editRecords, readRecords } from "../../../src/lib/storage/records";
import { newStorageId } from "../../../src/lib/names/ids";
import { collectingLogger } from "../../helpers/collecting-logger";
import { failureOf } from "../../helpers/failure";
import { fileVersion } from "../../helpers/listing";
import { testdir } from "../../helpers/testdir";

const first = newStorageId();
const second = newStorageId();
const third = newStorageId();

function fileWith(content: string): string {
  return join(testdir({ "containers.json": content }), "containers.json");
}

describe("reading", () => {
  test.each([
    ["a missing file", undefined],
    ["an empty file", ""],
    ["a file of blanks", " \n"],
    ["an empty list", "[]"],
    ["Go's empty list", "null"],
  ])("%s holds no records", (_, content) => {
    const path = content === undefined ? join(testdir(), "containers.json") : fileWith(content);
    const logger = collectingLogger();
    expect(readRecords(path, logger)).toEqual([]);
    expect(logger.warnings).toEqual([]);
  });

  test.each([
    ["is cut off", '[{"id":"', "does not hold valid JSON"],
    ["is no JSON at all", "\0\0\0", "does not hold valid JSON"],
    ["holds an object", "{}", "does not hold a list of records"],
    ["holds a text", '"containers"', "does not hold a list of records"],
  ])("a file that %s is CORRUPT, and is named with the remedy", async (_, content, cause) => {
    const path = fileWith(content);
    const error = await failureOf(() => readRecords(path, collectingLogger()));
    expect(error.code).toBe("CORRUPT");
    expect(error.message).toContain(`${path} ${cause}`);
    expect(error.message).not.toContain("\n");
    expect(error.hint).toBe("kpod doctor --mend storage.record-corrupt keeps what is whole in it");
    const changing = await failureOf(() => {
      editRecords(
        path,
        () => undefined,
        (entries) => entries,
      );
    });
    expect([changing.code, changing.hint]).toEqual(["CORRUPT", error.hint]);
  });

  test("a directory in its place is named", async () => {
    const path = join(testdir({ "containers.json/": null }), "containers.json");
    const error = await failureOf(() => readRecords(path, collectingLogger()));
    expect(error.message).toBe(`${path} is a directory, not a regular file`);
  });

  test.each([
    ["a short id", { id: "abc" }],
    ["an id in capitals", { id: first.toUpperCase() }],
    ["an id that leads elsewhere", { id: "../".repeat(21) + "x" }],
    ["an id with more behind it", { id: `${first}/..` }],
    ["an id with a line end", { id: `${first}\n` }],
    ["no id", { names: ["x"] }],
    ["a number for an id", { id: 1 }],
    ["nothing in it", null],
    ["only a text", "x"],
    ["only a list", []],
  ])("a record with %s is left out with a warning, and the others stay", (_, bad) => {
    const path = fileWith(JSON.stringify([bad, { id: first, names: null }]));
    const logger = collectingLogger();
    expect(readRecords(path, logger).map(({ id }) => id)).toEqual([first]);
    expect(logger.warnings).toHaveLength(1);
    expect(logger.warnings[0]).toContain(path);
  });
});

describe("a record that has an id", () => {
  test.each([
    ["names that are no list", { names: "x" }, "names"],
    ["names that are no texts", { names: [1] }, "names"],
    ["metadata that is no text", { metadata: {} }, "metadata"],
    ["a layer and an image that are no texts", { layer: 5, image: ["x"], created: "" }, "layer, image"],
  ])("and %s is kept without them, with a warning", (_, fields, told) => {
    const path = fileWith(JSON.stringify([{ id: second, later: 1, ...fields }, { id: first }]));
    const logger = collectingLogger();
    const [record, other] = readRecords(path, logger);
    expect(record).toEqual({ id: second, later: 1, ...("created" in fields ? { created: "" } : {}) });
    expect(other).toEqual({ id: first });
    expect(logger.warnings).toEqual([
      `${path}: the record of ${second.slice(0, 13)} has a wrong value as ${told}`,
    ]);
  });

  test("and nothing for a field is as one without it", () => {
    const path = fileWith(JSON.stringify([{ id: first, names: null, layer: null, metadata: null }]));
    const logger = collectingLogger();
    expect(readRecords(path, logger)).toEqual([{ id: first, names: null }]);
    expect(logger.warnings).toEqual([]);
  });
});

describe("editing", () => {
  // As no program writes it, to see that all of it stays: unknown fields, an order of its own, unusable entries.
  const strange = [
    `{"zeta":1,"id":"${first}","names":["a<b>&c"],"inner":{"y":null,"b":[1.5,{}],"a":"é\\u2028"},"metadata":"{ }"}`,
    `"a text"`,
    `null`,
    `{"id":"not an id","layer":"x"}`,
    `{"id":"${second}","flags":{"Volatile":true,"MountLabel":""},"uidmap":[{"container_id":0,"size":4294967295}]}`,
    `{"id":"${third}","serial":18446744073709551615,"ratio":1.50}`,
  ];
  // JavaScript would write the numbers of the last one in another way.
  const plain = strange.map((entry, index) => (index === 5 ? entry : JSON.stringify(JSON.parse(entry))));

  test("keeps every entry, its unknown fields and their order", () => {
    const path = fileWith(`[${strange.join(",")}]\n`);
    editRecords(
      path,
      () => {},
      (entries) => [...entries, { id: newStorageId(), last: true }],
    );
    const text = readFileSync(path, "utf8");
    expect(text.startsWith(`[${plain.join(",")},{"id":"`)).toBe(true);
    expect(text.endsWith(`","last":true}]`)).toBe(true);
    expect(text).not.toContain("\n");
  });

  test("touches the lock before the file is another, and makes it readable for its owner only", () => {
    const path = fileWith("[]");
    const seen: string[] = [];
    editRecords(
      path,
      () => {
        seen.push(readFileSync(path, "utf8"));
      },
      () => [{ id: first }],
    );
    expect(seen).toEqual(["[]"]);
    expect(readFileSync(path, "utf8")).toBe(`[{"id":"${first}"}]`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("writes nothing and touches nothing when nothing changes", () => {
    const path = fileWith(`[${strange.join(",")}]`);
    const before = fileVersion(path);
    let touched = 0;
    const touch = (): void => {
      touched++;
    };
    editRecords(path, touch, (entries) => entries);
    removeRecord([path, `${path}.missing`], touch, newStorageId());
    expect(touched).toBe(0);
    expect(fileVersion(path)).toEqual(before);
  });

  test("does not replace a file that it cannot read", async () => {
    const path = fileWith("[{");
    const error = await failureOf(() => {
      editRecords(
        path,
        () => {},
        () => [],
      );
    });
    expect(error.code).toBe("CORRUPT");
    expect(readFileSync(path, "utf8")).toBe("[{");
  });

  test("drops a record from whichever file has it, and leaves the others alone", () => {
    const directory = testdir({ "a.json": `[${strange.join(",")}]`, "b.json": `[{"id":"${second}" }]` });
    const [a, b] = [join(directory, "a.json"), join(directory, "b.json")];
    const before = fileVersion(b);
    removeRecord([a, b], () => {}, first);
    expect(readFileSync(a, "utf8")).toBe(`[${plain.slice(1).join(",")}]`);
    expect(fileVersion(b)).toEqual(before);
    removeRecord([a, b], () => {}, second);
    expect(readFileSync(a, "utf8")).toBe(`[${[...plain.slice(1, 4), plain[5]].join(",")}]`);
    expect(readFileSync(b, "utf8")).toBe("[]");
  });
});
