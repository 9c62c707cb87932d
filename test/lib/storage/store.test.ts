import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readLastWriterId } from "../../../src/lib/storage/lock-file";
import { Store, type StoreOptions } from "../../../src/lib/storage/store";
import type { StorageId } from "../../../src/lib/names/ids";
import { collectingLogger } from "../../helpers/collecting-logger";
import { failureOf } from "../../helpers/failure";
import { fileVersion, listing } from "../../helpers/listing";
import { startLocker } from "../../helpers/record-lock";
import { containerRecord, podRecord, storeTree, testId, type TestPod } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const pod: TestPod = { id: testId("pod"), name: "web", namespace: "shop", uid: "u1" };
const run = { id: testId("run"), pod, name: "run" };
const id = run.id as StorageId;

/** A store with a pod and a container, and the files that every change writes. */
function makeStore(options: StoreOptions = {}): { store: Store; directory: string } {
  const directory = testdir(storeTree([pod], [run]));
  const config = {
    root: join(directory, "root"),
    runRoot: join(directory, "runroot"),
    storage: "overlay",
    storageOptions: [],
  };
  return { store: new Store(config, options), directory };
}

describe("the last-writer id", () => {
  test("is another after each write, and the same after reads", async () => {
    const { store } = makeStore();
    const { containersLock } = store.layout;
    const seen = [readLastWriterId(containersLock).toString("hex")];
    const note = (): number => seen.push(readLastWriterId(containersLock).toString("hex"));
    await store.setMetadata(id, "{}");
    note();
    await store.setNames(id, ["a", "b"]);
    note();
    expect(new Set(seen).size).toBe(3);
    const before = fileVersion(containersLock);
    await store.containers();
    await store.images();
    await store.layers();
    expect(fileVersion(containersLock)).toBe(before);
  });

  test("is not changed by a change that fails", async () => {
    const { store, directory } = makeStore();
    const before = listing(directory);
    expect((await failureOf(store.setNames(id, ["k8s_web_shop_u1_0"]))).code).toBe("CONFLICT");
    expect((await failureOf(store.setMetadata(testId("none") as StorageId, ""))).code).toBe("NOT_FOUND");
    expect(listing(directory)).toEqual(before);
  });
});

describe("names and metadata", () => {
  test("are changed in the record, and all else of the file stays", async () => {
    const { store } = makeStore();
    await store.setMetadata(id, '{"x":1}');
    await store.setNames(id, ["new"]);
    expect(readFileSync(store.layout.containersFiles[0], "utf8")).toBe(
      JSON.stringify([podRecord(pod), { ...containerRecord(run), metadata: '{"x":1}', names: ["new"] }]),
    );
  });

  test("a container may keep a name it has, but not take that of another", async () => {
    const { store } = makeStore();
    await store.setNames(id, ["k8s_run_web_shop_u1_0", "alias"]);
    const error = await failureOf(store.setNames(id, ["other", "k8s_web_shop_u1_0"]));
    expect(error.code).toBe("CONFLICT");
    expect(error.message).toBe(`conflict, name "k8s_web_shop_u1_0" already reserved for ctr "${pod.id}"`);
  });
});

describe("a look at the store", () => {
  test("writes nothing, not even where files and directories are missing", async () => {
    const { store, directory } = makeStore();
    rmSync(store.layout.containersLock);
    const before = listing(directory);
    expect(await store.containers()).toHaveLength(2);
    expect(await store.images()).toEqual([]);
    expect(await store.layers()).toEqual([]);
    expect((await failureOf(store.image("busybox"))).code).toBe("NOT_FOUND");
    expect(listing(directory)).toEqual(before);
  });

  test("of a root that does not exist finds nothing and makes nothing", async () => {
    const directory = testdir();
    const store = new Store({
      root: join(directory, "root"),
      runRoot: join(directory, "run"),
      storage: "",
      storageOptions: [],
    });
    expect(store.exists()).toBe(false);
    expect(await store.containers()).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("while somebody else holds the lock for too long", () => {
  test("reading goes on without it, with a warning, and changing gives up", async () => {
    const logger = collectingLogger();
    const { store } = makeStore({ logger, lockTimeoutMs: 40 });
    const locker = startLocker(store.layout.containersLock);
    expect(await locker.lock("posix", "write")).toBe(true);
    expect(await store.containers()).toHaveLength(2);
    expect(logger.warnings).toHaveLength(1);
    expect(logger.warnings[0]).toContain(`(pid ${locker.pid})`);
    expect(logger.warnings[0]).toContain("reading without it");
    const before = readFileSync(store.layout.containersFiles[0], "utf8");
    expect((await failureOf(store.setMetadata(id, "{}"))).code).toBe("LOCK_TIMEOUT");
    expect(readFileSync(store.layout.containersFiles[0], "utf8")).toBe(before);
    await locker.unlock("posix");
    await store.setMetadata(id, "{}");
  });

  test("Ctrl-C ends the wait of either", async () => {
    const abort = new AbortController();
    const { store } = makeStore({ signal: abort.signal, lockTimeoutMs: 0 });
    const locker = startLocker(store.layout.containersLock);
    expect(await locker.lock("posix", "write")).toBe(true);
    const failures = [failureOf(store.containers()), failureOf(store.setMetadata(id, "{}"))];
    setImmediate(() => {
      abort.abort();
    });
    expect((await Promise.all(failures)).map(({ code }) => code)).toEqual(["INTERRUPTED", "INTERRUPTED"]);
  });
});

describe("a store of graph driver vfs", () => {
  function makeVfs(): Store {
    const layer = testId("vfs layer");
    const directory = testdir({
      "root/vfs-containers/containers.json": JSON.stringify([{ ...containerRecord(run), layer }]),
      [`root/vfs-containers/${run.id}/userdata/config.json`]: "{}",
      "root/vfs-layers/layers.json": JSON.stringify([{ id: layer }, { id: testId("other") }]),
      [`root/vfs/dir/${layer}/etc/passwd`]: "root",
      [`root/vfs/dir/${testId("other")}/etc/passwd`]: "root",
      "root/vfs-images/images.json": JSON.stringify([{ id: testId("busybox"), layer: testId("other") }]),
    });
    return new Store({
      root: join(directory, "root"),
      runRoot: join(directory, "runroot"),
      storage: "",
      storageOptions: [],
    });
  }

  test("can be read and mounted, where its layer lies", async () => {
    const store = makeVfs();
    const [record] = await store.containers();
    expect(record?.id).toBe(run.id);
    expect(await store.layers()).toHaveLength(2);
    const path = await store.mount(testId("vfs layer") as StorageId);
    expect(readFileSync(join(path, "etc/passwd"), "utf8")).toBe("root");
    expect(await store.unmount(testId("vfs layer") as StorageId)).toBe(false);
    expect(existsSync(path)).toBe(true);
  });

  test("can be deleted in", async () => {
    const store = makeVfs();
    await store.deleteContainer(id);
    expect(await store.containers()).toEqual([]);
    expect((await store.layers()).map((layer) => layer.id)).toEqual([testId("other")]);
    expect(existsSync(store.layout.containerDirectory(id))).toBe(false);
    expect(readdirSync(join(store.layout.root, "vfs/dir"))).toEqual([testId("other")]);
  });

  test("refuses a new container, and nothing of it is left", async () => {
    const store = makeVfs();
    const wanted = {
      names: ["new"],
      image: testId("busybox") as StorageId,
      layerName: "new-layer",
      metadata: "",
    };
    const error = await failureOf(store.createContainer(wanted));
    expect(error.code).toBe("UNSUPPORTED");
    expect(error.message).toContain("vfs");
    expect(error.hint).toContain("overlay");
    expect(await store.containers()).toHaveLength(1);
    expect(await store.layers()).toHaveLength(2);
    expect(readdirSync(join(store.layout.root, "vfs/dir"))).toHaveLength(2);
  });
});

test("a change removes what a killed kpod left of records that it was writing, and nothing else", async () => {
  const { store } = makeStore();
  const { containersFiles, layersFiles, imagesFile } = store.layout;
  const left = (file: string, suffix: string, ageMs: number): string => {
    const path = `${file}.tmp-${suffix}`;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "[");
    const at = (Date.now() - ageMs) / 1000;
    utimesSync(path, at, at);
    return path;
  };
  const old = 120_000;
  const stale = [
    left(containersFiles[0], "0123456789ab", old),
    left(containersFiles[1], "0123456789ab", old),
    left(layersFiles[0], "ba9876543210", old),
  ];
  const others = [
    // Somebody else's name, what may still be written, and what another lock guards.
    left(containersFiles[0], "0123456789abc", old),
    left(layersFiles[0], "cccccccccccc", 0),
    left(imagesFile, "0123456789ab", old),
  ];
  await store.containers();
  expect(stale.filter((path) => !existsSync(path))).toEqual([]);
  await store.change(
    [
      [store.layout.layersLock, "write"],
      [store.layout.imagesLock, "read"],
      [store.layout.containersLock, "write"],
    ] as const,
    () => {},
  );
  expect(stale.filter((path) => existsSync(path))).toEqual([]);
  expect(others.filter((path) => !existsSync(path))).toEqual([]);
});
