import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openJournalReader } from "../../../src/lib/events/journal-reader";
import { writeFileAtomic } from "../../../src/lib/system/files";
import type { StorageId } from "../../../src/lib/names/ids";
import { unneededLayers } from "../../../src/lib/storage/image-removal";
import { defaultConfig } from "../../../src/lib/config";
import { ImageServer } from "../../../src/lib/images/image-server";
import { readLastWriterId } from "../../../src/lib/storage/lock-file";
import type { ImageRecord, LayerRecord } from "../../../src/lib/storage/records";
import { Store } from "../../../src/lib/storage/store";
import { collectingLogger } from "../../helpers/collecting-logger";
import { failureOf } from "../../helpers/failure";
import { imageTree, testDigest, type TestImage, type TestLayer } from "../../helpers/image-tree";
import { listing } from "../../helpers/listing";
import { startLocker } from "../../helpers/record-lock";
import { storeTree, testId, type TestContainer, type TestPod } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const [base, appTop, toolTop] = [testId("base"), testId("app top"), testId("tool top")];
const known = (size: number): Record<string, unknown> => ({ "diff-size": size, "diff-digest": "sha256:1" });

/** Two images on one layer, and one that nothing uses. */
const app: TestImage = {
  id: testId("app", "a"),
  names: ["localhost/app:1", "localhost/app:2"],
  layer: appTop,
};
const tool: TestImage = { id: testId("tool", "b"), names: ["docker.io/library/tool:latest"], layer: toolTop };
const bare: TestImage = { id: testId("bare", "c"), layer: testId("bare top") };
const layers: readonly TestLayer[] = [
  { id: base, record: known(1000) },
  { id: appTop, parent: base, record: known(10), lower: [base] },
  { id: toolTop, parent: base, lower: [base] },
  { id: testId("bare top"), record: known(5) },
];
const pod: TestPod = { id: testId("pod"), name: "web", namespace: "shop", uid: "u1" };

interface Fixture {
  images: ImageServer;
  store: Store;
  directory: string;
}

/** A store with these images, and containers of images by their names. */
function fixture(containers: readonly TestContainer[] = [], imageOf: Record<string, string> = {}): Fixture {
  const directory = testdir({ ...storeTree([], containers), ...imageTree([app, tool, bare], layers) });
  const file = join(directory, "root/overlay-containers/containers.json");
  const records = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>[];
  const changed = records.map((record, index) => {
    const name = containers[index]?.name ?? "";
    return imageOf[name] === undefined ? record : { ...record, image: imageOf[name] };
  });
  writeFileSync(file, JSON.stringify(changed));
  const config = {
    root: join(directory, "root"),
    runRoot: join(directory, "runroot"),
    storage: "overlay",
    storageOptions: [],
  };
  const store = new Store(config, { lockTimeoutMs: 100 });
  return { images: new ImageServer(store, defaultConfig(), collectingLogger()), store, directory };
}

/** What of the store's files belongs to an image or a layer. */
function filesOf({ directory }: Fixture, id: string): string[] {
  const link = testId(`link to ${id}`).slice(0, 26).toUpperCase();
  return readdirSync(join(directory, "root"), { recursive: true, encoding: "utf8" }).filter(
    (path) => path.includes(id) || path.includes(link),
  );
}

async function idsOf({ store }: Fixture): Promise<{ images: string[]; layers: string[] }> {
  return {
    images: (await store.images()).map(({ id }) => id),
    layers: (await store.layers()).map(({ id }) => id),
  };
}

describe("images", () => {
  test("are listed with names, digests and the sizes that the store knows", async () => {
    const { images } = fixture();
    expect(await images.listImages()).toEqual([
      { id: app.id, names: app.names, digest: testDigest(app), size: 1010 },
      { id: tool.id, names: tool.names, digest: testDigest(tool), size: undefined },
      { id: bare.id, names: [], digest: testDigest(bare), size: 5 },
    ]);
    expect((await images.listImages("tool")).map(({ id }) => id)).toEqual([tool.id]);
    expect(await images.listImages("nosuch")).toEqual([]);
  });

  test.each([["localhost/app:1"], ["app:2"], [app.id], [app.id.slice(0, 5)]])(
    "are found by %s",
    async (name) => {
      expect((await fixture().images.imageStatus(name)).id).toBe(app.id);
    },
  );

  test("that are not there are an error, and a look changes nothing", async () => {
    const { images, directory } = fixture();
    const before = listing(directory);
    expect((await failureOf(images.imageStatus("nosuch"))).code).toBe("NOT_FOUND");
    await images.listImages();
    await images.imageStatus("tool");
    expect(listing(directory)).toEqual(before);
  });
});

describe("a name", () => {
  test("of several is taken off, and everything else of the record stays", async () => {
    const made = fixture();
    const file = made.store.layout.imagesFile;
    const before = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>[];
    const writer = readLastWriterId(made.store.layout.imagesLock);
    expect(await made.images.removeImage("app:1")).toEqual({
      id: app.id,
      untagged: ["localhost/app:1"],
      deleted: undefined,
      layers: [],
    });
    expect(readFileSync(file, "utf8")).toBe(
      JSON.stringify([{ ...before[0], names: ["localhost/app:2"] }, ...before.slice(1)]),
    );
    expect(readLastWriterId(made.store.layout.imagesLock)).not.toEqual(writer);
    expect(readLastWriterId(made.store.layout.imagesLock)).toHaveLength(64);
    expect(filesOf(made, app.id)).not.toEqual([]);
  });

  test("can be taken off an image in use, unless it is the last", async () => {
    const user: TestContainer = { id: testId("user"), pod, name: "user" };
    const { images } = fixture([user], { user: app.id });
    expect((await images.untagImage("localhost/app:2")).untagged).toEqual(["localhost/app:2"]);
    expect((await failureOf(images.untagImage("localhost/app:1"))).code).toBe("CONFLICT");
  });

  test("is noted of the image that has it once it is its turn", async () => {
    const { store, images } = fixture();
    const { imagesFile, imagesLock, runRoot } = store.layout;
    const other = startLocker(imagesLock);
    await other.lock("posix", "read");
    const patient = new ImageServer(
      new Store({ ...store.layout, storage: "overlay", storageOptions: [] }, { lockTimeoutMs: 20_000 }),
      defaultConfig(),
      collectingLogger(),
    );
    const tagged = patient.tagImage("tool", ["new:1"]);
    await sleep(100);
    const namesNow = new Map<string, readonly string[]>([
      [tool.id, []],
      [bare.id, tool.names ?? []],
    ]);
    const records = (JSON.parse(readFileSync(imagesFile, "utf8")) as ImageRecord[]).map((record) => ({
      ...record,
      names: namesNow.get(record.id) ?? record.names,
    }));
    writeFileAtomic(imagesFile, JSON.stringify(records), 0o600);
    await other.unlock("posix");
    expect(await tagged).toEqual(["localhost/new:1"]);
    expect((await images.imageStatus("new:1")).id).toBe(bare.id);
    const journal = openJournalReader(runRoot, collectingLogger());
    expect(journal.read().map(({ status, id, name }) => [status, id, name])).toEqual([
      ["tag", bare.id, "localhost/new:1"],
    ]);
    journal.close();
  });

  test("is not an id", async () => {
    const made = fixture();
    const before = listing(made.directory);
    const error = await failureOf(made.images.untagImage(tool.id));
    expect(error.code).toBe("NOT_FOUND");
    expect(listing(made.directory)).toEqual(before);
  });
});

describe("names of an image", () => {
  test("are added in front, and taken from who had them", async () => {
    const { images, store } = fixture();
    expect(await images.tagImage("tool", ["new", "app:2", "new:latest"])).toEqual([
      "localhost/new:latest",
      "localhost/app:2",
    ]);
    const named = async (): Promise<unknown> => (await store.images()).map(({ names }) => names);
    const tagged = ["localhost/new:latest", "localhost/app:2", "docker.io/library/tool:latest"];
    expect(await named()).toEqual([["localhost/app:1"], tagged, []]);
    expect((await store.images())[1]?.["names-history"]).toEqual([...tagged].reverse());
    // The last name of an image in turn; it stays.
    await images.tagImage(bare.id, ["app:1"]);
    expect(await named()).toEqual([undefined, tagged, ["localhost/app:1"]]);
  });

  test("that it has already write nothing", async () => {
    const { images, directory } = fixture();
    const before = listing(directory);
    await images.tagImage("app:1", ["app:2", "localhost/app:1"]);
    expect(await images.removeImageNames(bare.id)).toEqual([]);
    expect(listing(directory)).toEqual(before);
  });

  test("are removed, some or all, also of an image in use, which stays", async () => {
    const user: TestContainer = { id: testId("user"), pod, name: "user" };
    const { images, store } = fixture([user], { user: app.id });
    expect(await images.removeImageNames(app.id, ["app:2", "localhost/app:2"])).toEqual(["localhost/app:2"]);
    expect(await images.removeImageNames("app:1")).toEqual(["localhost/app:1"]);
    expect((await images.imageStatus(app.id)).names).toEqual([]);
    expect((await store.images()).map(({ id }) => id)).toEqual([app.id, tool.id, bare.id]);
  });

  test.each([
    ["nosuch", ["a"], "NOT_FOUND"],
    ["tool", ["Upper"], "BAD_ARGUMENT"],
    ["tool", [`a@${testDigest(tool)}`], "BAD_ARGUMENT"],
  ])("%s cannot be called %j", async (wanted, names, code) => {
    const { images, directory } = fixture();
    const before = listing(directory);
    expect((await failureOf(images.tagImage(wanted, names))).code).toBe(code);
    expect(listing(directory)).toEqual(before);
  });

  test("that it does not have are refused, and none goes", async () => {
    const { images, directory } = fixture();
    const before = listing(directory);
    expect((await failureOf(images.removeImageNames("app:1", ["app:1", "tool"]))).code).toBe("NOT_FOUND");
    expect(listing(directory)).toEqual(before);
  });

  test("are completed for registries", async () => {
    const { images } = fixture();
    expect(await images.resolveNames("index.docker.io/busybox")).toEqual([
      "docker.io/library/busybox:latest",
    ]);
    expect((await failureOf(images.resolveNames("Upper"))).code).toBe("BAD_ARGUMENT");
  });

  test("are found with a digest that the record lacks", async () => {
    const { images, store } = fixture();
    const file = store.layout.imagesFile;
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(/"digest":"[^"]*",/g, ""));
    expect((await images.imageStatus("tool")).digest).toBe(testDigest(tool));
  });
});

describe("an image", () => {
  test("is removed with the layers that nobody else needs", async () => {
    const made = fixture();
    const { containersLock } = made.store.layout;
    const writer = readLastWriterId(containersLock);
    expect(await made.images.removeImage("tool")).toEqual({
      id: tool.id,
      untagged: tool.names,
      deleted: tool.id,
      layers: [toolTop],
    });
    expect(await idsOf(made)).toEqual({
      images: [app.id, bare.id],
      layers: [base, appTop, testId("bare top")],
    });
    for (const id of [tool.id, toolTop]) expect(filesOf(made, id)).toEqual([]);
    for (const id of [base, appTop, app.id]) expect(filesOf(made, id)).not.toEqual([]);
    // Nothing of the containers was changed.
    expect(readLastWriterId(containersLock)).toEqual(writer);

    const removed = await made.images.removeImage(app.id, { force: true });
    expect(removed).toEqual({ id: app.id, untagged: app.names, deleted: app.id, layers: [appTop, base] });
    await made.images.removeImage(bare.id.slice(0, 6));
    expect(await idsOf(made)).toEqual({ images: [], layers: [] });
    expect(readdirSync(join(made.directory, "root/overlay/l"))).toEqual([]);
    expect(readdirSync(join(made.directory, "root/overlay-layers")).sort()).toEqual([
      "layers.json",
      "layers.lock",
      "tmp",
    ]);
    for (const place of ["overlay-layers/tmp", "overlay/tempdirs"])
      expect(readdirSync(join(made.directory, "root", place))).toEqual([]);
    expect(readdirSync(join(made.directory, "root/overlay-images")).sort()).toEqual([
      "images.json",
      "images.lock",
    ]);
  });

  test("of several names is not removed by its id, unless forced", async () => {
    const made = fixture();
    const before = listing(join(made.directory, "root"));
    const error = await failureOf(made.images.removeImage(app.id.slice(0, 8)));
    expect([error.code, error.message]).toEqual([
      "CONFLICT",
      `image ${app.id.slice(0, 13)} (localhost/app:1) has several names: localhost/app:1, localhost/app:2`,
    ]);
    // What is taken for the mounts lies in the run root; the store itself is as it was.
    expect(listing(join(made.directory, "root"))).toEqual(before);
  });

  test("in use is refused with the container's name; forced, it goes, and what the container stands on stays", async () => {
    const users: TestContainer[] = ["one", "two"].map((name) => ({ id: testId(name), pod, name }));
    const made = fixture(users, { one: tool.id, two: tool.id });
    const rw = testId(`layer of ${testId("one")}`);
    const { layersFiles } = made.store.layout;
    const records = JSON.parse(readFileSync(layersFiles[0], "utf8")) as unknown[];
    writeFileSync(layersFiles[1], JSON.stringify([{ id: rw, parent: toolTop }]));
    const before = listing(join(made.directory, "root"));
    const error = await failureOf(made.images.removeImage("tool"));
    expect([error.code, error.message]).toEqual([
      "CONFLICT",
      `image ${tool.id.slice(0, 13)} (docker.io/library/tool:latest) is used by container ` +
        `${testId("one").slice(0, 13)} (k8s_one_web_shop_u1_0) and 1 more`,
    ]);
    expect(listing(join(made.directory, "root"))).toEqual(before);

    expect(await made.images.removeImage("tool", { force: true })).toEqual({
      id: tool.id,
      untagged: tool.names,
      deleted: tool.id,
      layers: [],
    });
    expect(JSON.parse(readFileSync(layersFiles[0], "utf8"))).toEqual(records);
    expect(filesOf(made, toolTop)).not.toEqual([]);
    expect(filesOf(made, tool.id)).toEqual([]);
  });

  test("is not removed while somebody writes to the store", async () => {
    const made = fixture();
    for (const lock of ["layersLock", "imagesLock", "containersLock"] as const) {
      const locker = startLocker(made.store.layout[lock]);
      expect(await locker.lock("posix", "write")).toBe(true);
      const before = listing(join(made.directory, "root"));
      expect((await failureOf(made.images.removeImage("tool"))).code).toBe("LOCK_TIMEOUT");
      expect(listing(join(made.directory, "root"))).toEqual(before);
      await locker.unlock("posix");
    }
  });

  test("that is half gone can be finished off", async () => {
    const made = fixture();
    rmSync(join(made.directory, "root/overlay-images", tool.id), { recursive: true });
    rmSync(join(made.directory, "root/overlay", toolTop), { recursive: true });
    expect((await made.images.removeImage("tool")).deleted).toBe(tool.id);
    expect(await idsOf(made)).toEqual({
      images: [app.id, bare.id],
      layers: [base, appTop, testId("bare top")],
    });
  });

  test("that is not there is an error, also where there is no store, and nothing is made", async () => {
    const made = fixture();
    expect((await failureOf(made.images.removeImage("nosuch"))).code).toBe("NOT_FOUND");
    const directory = testdir();
    const config = { root: join(directory, "root"), runRoot: join(directory, "runroot") };
    const store = new Store({ ...config, storage: "", storageOptions: [] });
    const error = await failureOf(
      new ImageServer(store, defaultConfig(), collectingLogger()).removeImage("tool"),
    );
    expect([error.code, error.message]).toEqual([
      "NOT_FOUND",
      `the storage root ${directory}/root does not exist`,
    ]);
    expect(existsSync(config.runRoot)).toBe(false);
  });
});

describe("the layers that only one image needs", () => {
  const id = (name: string): StorageId => testId(name) as StorageId;
  const image = (name: string, layer: string, mapped: readonly string[] = []): ImageRecord => ({
    id: id(name),
    layer: id(layer),
    "mapped-layers": mapped.map(id),
  });
  const layer = (name: string, parent?: string): LayerRecord => ({
    id: id(name),
    ...(parent === undefined ? {} : { parent: id(parent) }),
  });
  const stack = [layer("1"), layer("2", "1"), layer("3", "2")];

  test.each<[string, { images?: ImageRecord[]; layers?: LayerRecord[]; used?: string }, string[]]>([
    ["all, when nothing else is there", {}, ["3", "2", "1"]],
    ["none, when another image begins with the same", { images: [image("b", "3")] }, []],
    ["those above where another image begins", { images: [image("b", "2")] }, ["3"]],
    ["those above where another branches off", { layers: [layer("x", "1")] }, ["3", "2"]],
    ["none, when a container stands on the top", { layers: [layer("rw", "3")] }, []],
    ["none, when a container is the top layer", { used: "3" }, []],
    ["none, when the top is a mapped layer of another", { images: [image("b", "9", ["3"])] }, []],
  ])("%s", (_, others, expected) => {
    const containers = others.used === undefined ? [] : [{ id: id("ctr"), layer: id(others.used) }];
    const found = unneededLayers(image("a", "3"), {
      images: [image("a", "3"), ...(others.images ?? [])],
      layers: [...stack, ...(others.layers ?? [])],
      containers,
    });
    expect(found).toEqual(expected.map(id));
  });

  test("its mapped layers are among them, unless a container stands on one", () => {
    const mapped = image("a", "3", ["m1", "m2"]);
    const own = [...stack, layer("m1", "2"), layer("m2", "2")];
    expect(unneededLayers(mapped, { images: [mapped], layers: own, containers: [] })).toEqual(
      ["m1", "m2", "3", "2", "1"].map(id),
    );
    const used = [...own, layer("rw", "m1")];
    expect(unneededLayers(mapped, { images: [mapped], layers: used, containers: [] })).toEqual(
      ["m2", "3"].map(id),
    );
  });

  test("layers in a circle, and layers without a record, end the walk", () => {
    const circle = [layer("1", "3"), layer("2", "1"), layer("3", "2")];
    expect(unneededLayers(image("a", "3"), { images: [], layers: circle, containers: [] })).toEqual([]);
    expect(
      unneededLayers(image("a", "3"), { images: [], layers: [layer("3", "2")], containers: [] }),
    ).toEqual([id("3")]);
  });
});
