import { closeSync, openSync, readdirSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { KpodError } from "../../src/lib/errors";
import type { StorageId } from "../../src/lib/names/ids";
import { Store } from "../../src/lib/storage/store";
import { mount, readMounts, unmount } from "../../src/lib/system/mount";
import { collectingLogger } from "../helpers/collecting-logger";
import { failureOf } from "../helpers/failure";
import { containerRecord, testId, type TestPod } from "../helpers/store-tree";
import { testdir, writeTree } from "../helpers/testdir";

const pageSize = 4096;
const image = testId("busybox") as StorageId;
const base = testId("base") as StorageId;
const pod: TestPod = { id: testId("pod"), name: "web", namespace: "shop", uid: "u1" };

let directory: string;

beforeEach(() => {
  directory = testdir();
  mount({ source: "kpod-test", target: directory, type: "tmpfs", data: "size=1m" });
});

afterEach(() => {
  const here = readMounts().filter(({ target }) => `${target}/`.startsWith(`${directory}/`));
  for (const { target } of here.reverse()) unmount(target);
});

/** A store with an image, and so many containers that their records take several pages. */
async function makeStore(): Promise<{ store: Store; warnings: string[] }> {
  const others = Array.from({ length: 30 }, (_, number) =>
    containerRecord({ id: testId(`other ${number}`), pod, name: `other-${number}` }),
  );
  writeTree(directory, {
    "root/overlay/": null,
    "root/overlay-images/images.json": JSON.stringify([
      { id: image, names: ["localhost/busybox:latest"], layer: base },
    ]),
    "root/overlay-layers/layers.json": JSON.stringify([{ id: base }]),
    "root/overlay-containers/containers.json": JSON.stringify(others),
    "runroot/": null,
  });
  const logger = collectingLogger();
  const config = { root: join(directory, "root"), runRoot: join(directory, "runroot"), storageOptions: [] };
  const store = new Store({ ...config, storage: "overlay" }, { logger });
  (await store.loadDriver()).create(base, undefined);
  return { store, warnings: logger.warnings };
}

function freePages(): number {
  return statfsSync(directory).bfree;
}

/** Fills the file system but for a number of pages. */
function fill(pages: number): void {
  const path = join(directory, "filler");
  rmSync(path, { force: true });
  const size = freePages() - pages;
  const fd = openSync(path, "w");
  for (let page = 0; page < size; page++) writeSync(fd, Buffer.alloc(pageSize));
  closeSync(fd);
}

test("on a full disk a container is made whole, or nothing of it", async () => {
  const { store, warnings } = await makeStore();
  const wanted = { names: ["new"], image, layerName: "new-layer", metadata: "" };
  // Locks and directories that the first attempt makes stay.
  await store.deleteContainer((await store.createContainer(wanted)).id);
  const contents = (): string[] =>
    readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((path) => path !== "filler");
  const before = contents().sort();
  const messages: string[] = [];
  for (let pages = 0; ; pages++) {
    fill(pages);
    const [attempt] = await Promise.allSettled([store.createContainer(wanted)]);
    if (attempt.status === "fulfilled") break;
    const failure: unknown = attempt.reason;
    const message = failure instanceof KpodError ? failure.message : "no error of kpod's own";
    messages.push(message);
    expect(message).toContain("no space left on device");
    expect(contents().sort()).toEqual(before);
    expect(freePages()).toBe(pages);
  }
  // It failed at the layer's files, at the layer's record, and at the container's.
  expect(messages.some((text) => text.includes("layers.json"))).toBe(true);
  expect(messages.some((text) => text.includes("containers.json"))).toBe(true);
  expect(await store.containers()).toHaveLength(31);
  expect(await store.layers()).toHaveLength(2);
  expect(warnings).toEqual([]);
});

test("on a full disk what is there stays readable, and can be changed after", async () => {
  const { store } = await makeStore();
  const id = testId("other 0") as StorageId;
  fill(0);
  const error = await failureOf(store.setMetadata(id, "x".repeat(9000)));
  expect(error.message).toContain("no space left on device");
  expect(await store.containers()).toHaveLength(30);
  rmSync(join(directory, "filler"));
  await store.setMetadata(id, "x");
  expect((await store.containers())[0]?.metadata).toBe("x");
});
