import { existsSync } from "node:fs";
import { join } from "node:path";
import { isStorageId, newStorageId } from "../../../src/lib/names/ids";
import { chooseDriver, storeLayout } from "../../../src/lib/storage/layout";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

test.each([
  ["what is configured goes first", { "vfs-layers/": null }, "overlay", "overlay"],
  ["overlay has an old name", {}, "overlay2", "overlay"],
  ["vfs can be configured", {}, "vfs", "vfs"],
  ["a store of overlay shows itself", { "overlay-layers/": null }, "", "overlay"],
  ["a store of vfs shows itself", { "vfs-layers/": null }, "", "vfs"],
  ["of both, overlay", { "vfs-layers/": null, "overlay-layers/": null }, "", "overlay"],
  ["for a new store, overlay", {}, "", "overlay"],
])("choosing the graph driver: %s", (_, tree, configured, expected) => {
  expect(chooseDriver(testdir(tree), configured)).toBe(expected);
});

test("an unknown graph driver is named with those that are known", async () => {
  const error = await failureOf(() => chooseDriver("/", "btrfs"));
  expect(error.code).toBe("UNSUPPORTED");
  expect(error.message).toBe('unknown graph driver "btrfs"');
  expect(error.hint).toContain("overlay and vfs");
});

test("the parts of a store lie where containers/storage keeps them, and nothing is made", () => {
  const directory = testdir();
  const [root, runRoot] = [join(directory, "root"), join(directory, "run")];
  const id = newStorageId();
  const layout = storeLayout(root, runRoot, "overlay");
  expect(layout).toMatchObject({
    containersLock: `${root}/overlay-containers/containers.lock`,
    containersFiles: [
      `${root}/overlay-containers/containers.json`,
      `${root}/overlay-containers/volatile-containers.json`,
    ],
    layersLock: `${root}/overlay-layers/layers.lock`,
    layersFiles: [`${root}/overlay-layers/layers.json`, `${root}/overlay-layers/volatile-layers.json`],
    imagesLock: `${root}/overlay-images/images.lock`,
    imagesFile: `${root}/overlay-images/images.json`,
    mountsLock: `${runRoot}/overlay-layers/mountpoints.lock`,
    mountsFile: `${runRoot}/overlay-layers/mountpoints.json`,
  });
  expect(layout.imageDirectory(id)).toBe(`${root}/overlay-images/${id}`);
  expect(layout.containerDirectory(id)).toBe(`${root}/overlay-containers/${id}`);
  expect(layout.containerRunDirectory(id)).toBe(`${runRoot}/overlay-containers/${id}`);
  expect([root, runRoot].map((path) => existsSync(path))).toEqual([false, false]);
});

test("a transient store keeps its volatile records and the lock of its containers in the runroot", () => {
  expect(storeLayout("/root", "/run", "overlay", { transientStore: true })).toMatchObject({
    containersLock: "/run/overlay-containers/containers.lock",
    containersFiles: [
      "/root/overlay-containers/containers.json",
      "/run/overlay-containers/volatile-containers.json",
    ],
    layersLock: "/root/overlay-layers/layers.lock",
    layersFiles: ["/root/overlay-layers/layers.json", "/run/overlay-layers/volatile-layers.json"],
    imagesFile: "/root/overlay-images/images.json",
    newAreVolatile: true,
  });
});

test("a split store keeps images, with their layers, in a root of their own", () => {
  expect(storeLayout("/root", "/run", "overlay", { imageStore: "/images" })).toMatchObject({
    containersFiles: [
      "/root/overlay-containers/containers.json",
      "/root/overlay-containers/volatile-containers.json",
    ],
    layersFiles: ["/root/overlay-layers/layers.json", "/root/overlay-layers/volatile-layers.json"],
    sharedLayersFiles: ["/images/overlay-layers/layers.json"],
    imagesLock: "/images/overlay-images/images.lock",
    imagesFile: "/images/overlay-images/images.json",
    furtherImagesFiles: ["/root/overlay-images/images.json"],
    newAreVolatile: true,
  });
  expect(storeLayout("/root", "/run", "overlay").newAreVolatile).toBe(false);
});

test("ids are 64 hexadecimal digits and new each time", () => {
  const ids = new Set(Array.from({ length: 50 }, newStorageId));
  expect(ids.size).toBe(50);
  for (const id of ids) expect(isStorageId(id)).toBe(true);
});
