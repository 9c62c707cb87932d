import { readFileSync } from "node:fs";
import { join } from "node:path";
import { constants } from "node:os";
import { newStorageId, type StorageId } from "../../../src/lib/names/ids";
import { Store } from "../../../src/lib/storage/store";
import { libc } from "../../../src/lib/system/libc";
import { collectingLogger, type CollectingLogger } from "../../helpers/collecting-logger";
import { failureOf } from "../../helpers/failure";
import { testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const id = testId("container") as StorageId;
const records = JSON.stringify([{ id, names: ["web"], metadata: "" }]);

function storeWithLocks(): { store: Store; logger: CollectingLogger; root: string } {
  const root = testdir({
    "overlay-containers/containers.json": records,
    "overlay-containers/containers.lock": "",
  });
  const logger = collectingLogger();
  const config = { root, runRoot: join(root, "run"), storage: "overlay", storageOptions: [] };
  return { store: new Store(config, { logger }), logger, root };
}

/** No file system without locks can be mounted here, so that the answer of one is put into the C library's mouth. */
describe.each(["ENOLCK", "ENOSYS", "EOPNOTSUPP"] as const)("where locking answers %s", (code) => {
  const real = { ...libc() };

  beforeEach(() => {
    Object.assign(libc(), { fcntl: () => -1, errno: () => constants.errno[code] });
  });

  afterEach(() => {
    Object.assign(libc(), real);
  });

  test("a look reads without the lock, and says so", async () => {
    const { store, logger, root } = storeWithLocks();
    expect((await store.containers()).map((record) => record.id)).toEqual([id]);
    expect(logger.warnings).toEqual([
      `${root}/overlay-containers/containers.lock cannot be locked: its file system has no locks: reading without it`,
    ]);
  });

  test("a change is refused with the cause, and changes nothing", async () => {
    const { store, root } = storeWithLocks();
    const file = join(root, "overlay-containers/containers.json");
    const changes = [
      () => store.setMetadata(id, "new"),
      () => store.deleteContainer(id),
      () =>
        store.createContainer({ names: ["x"], image: newStorageId(), layerName: "x-layer", metadata: "" }),
    ];
    for (const change of changes) {
      const error = await failureOf(change());
      expect(error.code).toBe("UNSUPPORTED");
      expect(error.message).toMatch(/\.lock cannot be locked: its file system has no locks$/);
      expect(error.hint).toContain("nolock");
      expect(readFileSync(file, "utf8")).toBe(records);
    }
  });
});

test("a lock file that is a directory: a look reads on, a change is refused", async () => {
  const root = testdir({
    "overlay-containers/containers.json": records,
    "overlay-containers/containers.lock/": null,
  });
  const logger = collectingLogger();
  const config = { root, runRoot: join(root, "run"), storage: "overlay", storageOptions: [] };
  const store = new Store(config, { logger });
  expect((await failureOf(store.setMetadata(id, "new"))).message).toContain("is a directory");
  expect((await store.containers()).map((record) => record.id)).toEqual([id]);
});

test("what cannot be read at all is the error, not the lock", async () => {
  const root = testdir({
    "overlay-containers/containers.json/": null,
    "overlay-containers/containers.lock": "",
  });
  const store = new Store({ root, runRoot: join(root, "run"), storage: "overlay", storageOptions: [] });
  expect((await failureOf(store.containers())).message).toBe(
    `${root}/overlay-containers/containers.json is a directory, not a regular file`,
  );
});
