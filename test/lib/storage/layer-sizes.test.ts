import { readdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { StorageId } from "../../../src/lib/names/ids";
import { persistedChainSizes, readLayerSizes } from "../../../src/lib/storage/layer-sizes";
import type { LayerRecord } from "../../../src/lib/storage/records";
import { Store } from "../../../src/lib/storage/store";
import { failureOf } from "../../helpers/failure";
import { imageTree, type TestLayer } from "../../helpers/image-tree";
import { testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const [base, middle, top, rw] = ["base", "middle", "top", "rw"].map((name) => testId(name)) as [
  StorageId,
  StorageId,
  StorageId,
  StorageId,
];

function storeIn(directory: string, storage = "overlay"): Store {
  const [root, runRoot] = [join(directory, "root"), join(directory, "runroot")];
  return new Store({ root, runRoot, storage, storageOptions: [] });
}

function storeWith(layers: readonly TestLayer[]): { store: Store; directory: string } {
  const directory = testdir(imageTree([], layers));
  return { store: storeIn(directory), directory };
}

const chain: readonly TestLayer[] = [
  { id: base, files: { a: "12345" }, record: { "diff-size": 1000, "diff-digest": "sha256:1" } },
  { id: middle, parent: base, files: { "sub/b": "123" } },
  { id: top, parent: middle, files: { c: "1" }, record: { "diff-digest": "sha256:2" } },
  { id: rw, parent: top, files: { d: "12", "deep/e": "1234" } },
];

test("the size of a chain comes from the records, and from the directories where they do not tell", async () => {
  const { store } = storeWith(chain);
  const sizes = await readLayerSizes(store);
  expect(sizes.parentOf(rw)).toBe(top);
  expect(await sizes.ofChanges(rw)).toBe(6);
  // 1000 persisted, 3 walked, none: the store leaves a size of 0 out.
  expect(await sizes.ofChain(top)).toBe(1003);
  expect(await sizes.ofChain(undefined)).toBe(0);
  expect(await sizes.ofChain("")).toBe(0);
});

test("layers whose sizes are persisted are not looked at", async () => {
  const { store, directory } = storeWith(chain);
  rmSync(join(directory, "root/overlay", base), { recursive: true });
  expect(await (await readLayerSizes(store)).ofChain(middle)).toBe(1003);
});

test("a layer without a directory, and one without a record, are errors that name it", async () => {
  const { store, directory } = storeWith(chain);
  rmSync(join(directory, "root/overlay", middle), { recursive: true });
  const gone = await failureOf((await readLayerSizes(store)).ofChain(middle));
  expect([gone.code, gone.message]).toEqual([
    "NOT_FOUND",
    `cannot measure ${directory}/root/overlay/${middle}/diff: it does not exist`,
  ]);
  const sizes = await readLayerSizes(storeWith(chain.filter(({ id }) => id !== middle)).store);
  for (const layer of [top, testId("other")]) {
    const error = await failureOf(sizes.ofChain(layer));
    const missing = layer === top ? middle : layer;
    expect([error.code, error.message]).toEqual([
      "CORRUPT",
      `layer ${missing.slice(0, 13)} has no record in the store`,
    ]);
  }
});

test("of vfs, whose layers are whole copies, what differs from the one beneath counts", async () => {
  const vfs = (id: string, name: string): string => `root/vfs/dir/${id}/${name}`;
  const directory = testdir({
    [vfs(base, "same")]: "123456789",
    [vfs(base, "changed")]: "1",
    [vfs(rw, "same")]: "123456789",
    [vfs(rw, "changed")]: "12",
    [vfs(rw, "new")]: "123",
    "root/vfs-layers/layers.json": JSON.stringify([{ id: base }, { id: rw, parent: base }]),
  });
  for (const id of [base, rw]) {
    for (const name of readdirSync(join(directory, "root/vfs/dir", id))) {
      utimesSync(join(directory, vfs(id, name)), 1, 1);
    }
  }
  const sizes = await readLayerSizes(storeIn(directory, "vfs"));
  expect(await sizes.ofChanges(rw)).toBe(2 + 3);
  expect(await sizes.ofChain(rw)).toBe(10 + 5);
});

test("Ctrl-C ends measuring", async () => {
  const { store } = storeWith(chain);
  const sizes = await readLayerSizes(store, AbortSignal.abort());
  expect((await failureOf(sizes.ofChanges(rw))).code).toBe("INTERRUPTED");
});

test.each<[string, Partial<LayerRecord>, number | undefined]>([
  ["a size", { "diff-size": 7, "diff-digest": "sha256:1" }, 1007],
  ["a size without a digest", { "diff-size": 7 }, 1007],
  ["a digest alone", { "diff-digest": "sha256:1" }, 1000],
  ["neither", {}, undefined],
  ["-1, of layers that were pulled in chunks", { "diff-size": -1, "diff-digest": "sha256:1" }, undefined],
])("a chain in which a record has %s", (_, fields, size) => {
  const layers: LayerRecord[] = [
    { id: base, "diff-size": 1000, "diff-digest": "sha256:0" },
    { id: top, parent: base, ...fields },
  ];
  expect(persistedChainSizes(layers)(top)).toBe(size);
});

test.each<[string, LayerRecord[]]>([
  ["the top layer is missing", [{ id: base, "diff-size": 1000 }]],
  ["a lower layer is missing", [{ id: top, parent: base, "diff-size": 1000 }]],
  [
    "the layers go round",
    [
      { id: top, parent: base, "diff-size": 1 },
      { id: base, parent: top, "diff-size": 1 },
    ],
  ],
])("a chain of which %s has no size", (_, layers) => {
  expect(persistedChainSizes(layers)(top)).toBeUndefined();
});

test("an image without layers takes nothing", () => {
  expect([persistedChainSizes([])(undefined), persistedChainSizes([])("")]).toEqual([0, 0]);
});
