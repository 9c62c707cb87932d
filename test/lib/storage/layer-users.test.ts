import type { StorageId } from "../../../src/lib/names/ids";
import { layerUsers } from "../../../src/lib/storage/layer-users";
import { testId } from "../../helpers/store-tree";

const id = (name: string): StorageId => testId(name) as StorageId;

// base <- middle <- top (image a), middle <- other (image b), top <- rw (container), base <- stray <- leaf (nobody)
const contents = {
  images: [
    { id: id("a"), layer: id("top"), "mapped-layers": [id("mapped")] },
    { id: id("b"), layer: id("other") },
  ],
  containers: [{ id: id("c"), image: id("a"), layer: id("rw") }],
  layers: [
    { id: id("base") },
    { id: id("middle"), parent: id("base") },
    { id: id("top"), parent: id("middle") },
    { id: id("mapped"), parent: id("middle") },
    { id: id("other"), parent: id("middle") },
    { id: id("rw"), parent: id("top") },
    { id: id("stray"), parent: id("base") },
    { id: id("leaf"), parent: id("stray") },
  ],
};
const [a, b] = contents.images;
const [c] = contents.containers;
if (a === undefined || b === undefined || c === undefined)
  throw new Error("there are two images and a container");

test("who needs which layer, and what goes with whom", () => {
  const users = layerUsers(contents);
  expect(users.layersOf(a)).toEqual([id("top"), id("middle"), id("base"), id("mapped")]);
  expect(users.countOf(id("base"))).toBe(4);
  expect(users.onlyOf([a])).toEqual([id("mapped")]);
  expect(users.onlyOf([b])).toEqual([id("other")]);
  expect(users.onlyOf([c])).toEqual([id("rw")]);
  expect([...users.onlyOf([a, b, c])].sort()).toEqual(
    ["top", "middle", "mapped", "other", "rw"].map(id).sort(),
  );
  expect(users.unused.map((layer) => layer.id)).toEqual([id("leaf")]);
  expect(users.onlyOf(users.unused)).toEqual([id("leaf"), id("stray")]);
});

test("chains that lead nowhere or back to themselves end", () => {
  const users = layerUsers({
    images: [{ id: id("a"), layer: id("gone") }],
    containers: [{ id: id("c") }],
    layers: [
      { id: id("x"), parent: id("y") },
      { id: id("y"), parent: id("x") },
    ],
  });
  expect(users.unused).toEqual([]);
  expect(users.countOf(id("x"))).toBe(0);
});
