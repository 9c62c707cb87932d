import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../src/lib/config";
import type { StorageId } from "../../src/lib/names/ids";
import { Store } from "../../src/lib/storage/store";
import { testImages } from "../helpers/images";
import { listing } from "../helpers/listing";
import { unknownField, type RawRecord } from "../helpers/modern-world";
import { runProcess, succeeded } from "../helpers/process";
import { createWorld, type World } from "../helpers/world";

const endless = "trap 'exit 0' TERM; while :; do sleep 0.1; done";
const lists = ["overlay-containers", "overlay-layers"] as const;

/** Where the records of containers and of layers lie: as CRI-O reads them with the same configuration. */
interface Places {
  readonly stable: readonly [string, string];
  readonly volatile: readonly [string, string];
}

function placesOf(stable: string, volatile: string): Places {
  const files = (root: string, prefix: string): [string, string] => [
    join(root, "overlay-containers", `${prefix}containers.json`),
    join(root, "overlay-layers", `${prefix}layers.json`),
  ];
  return { stable: files(stable, ""), volatile: files(volatile, "volatile-") };
}

function records(file: string): RawRecord[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as RawRecord[]) : [];
}

/** Puts a field that nobody knows into every record of a file. */
function addUnknown(file: string): void {
  writeFileSync(file, JSON.stringify(records(file).map((record) => ({ ...record, ...unknownField }))));
}

/** A world whose store is another than the usual one; `kpod` must succeed without a word on stderr. */
async function specialWorld(storage: (world: World) => string): Promise<{
  world: World;
  kpod: (...args: string[]) => Promise<string>;
  store: () => Store;
}> {
  const world = await createWorld();
  const conf = join(world.scratch, "storage.conf");
  writeFileSync(conf, `[storage]\ndriver = "overlay"\n${storage(world)}\n`);
  const environment = { CONTAINERS_STORAGE_CONF: conf };
  return {
    world,
    kpod: async (...args) => {
      const { stdout, stderr, exitCode } = await world.kpod(args, { env: environment });
      expect({ args, stderr, exitCode }).toEqual({ args, stderr: "", exitCode: 0 });
      return stdout;
    },
    store: () => new Store(loadConfig({ configFile: world.config, environment })),
  };
}

/** The life of a container, with what is in the files after each step. */
async function liveAndDie(
  kpod: (...args: string[]) => Promise<string>,
  world: World,
  { stable, volatile }: Places,
): Promise<void> {
  const stableBefore = stable.map(records);
  const pod = (await kpod("pod", "run", "--name", "shop", "--cgroup-parent", world.cgroupParent)).trim();
  const run = ["run", "-d", "--pod", "shop", "--name", "web", "localhost/busybox", "sh", "-c", endless];
  const id = (await kpod(...run)).trim();
  expect(volatile.map((file) => records(file).length)).toEqual([2, 2]);
  const [containers, layers] = volatile.map(records);
  expect(containers?.map((record) => [record.id, record.flags])).toEqual(
    [pod, id].map((each) => [each, { MountLabel: "", ProcessLabel: "", Volatile: true }]),
  );
  expect(layers?.map((layer) => layer.id)).toEqual(containers?.map((record) => record.layer));
  expect(stable.map(records)).toEqual(stableBefore);

  for (const file of volatile) addUnknown(file);
  expect(await kpod("ps", "--format", "{{.ID}} {{.State}}", "--no-trunc")).toBe(`${id} running\n`);
  const name = (await kpod("ps", "--format", "{{.Names}}")).trim();
  await kpod("rename", "web", name.replace("k8s_web_", "k8s_site_"));
  await kpod("stop", "site");
  const renamed = volatile.map((file) => records(file)[1]);
  expect(renamed[0]).toMatchObject({ id, names: [name.replace("k8s_web_", "k8s_site_")], ...unknownField });
  expect(renamed[1]).toMatchObject({
    names: [`${name.replace("k8s_web_", "k8s_site_")}-layer`],
    ...unknownField,
  });
  await kpod("rm", "site");
  expect(volatile.map((file) => records(file).length)).toEqual([1, 1]);
  expect(volatile.map((file) => records(file)[0])).toMatchObject([unknownField, unknownField]);
  await kpod("pod", "rm", "-f", "shop");
  expect(volatile.map(records)).toEqual([[], []]);
  expect(stable.map(records)).toEqual(stableBefore);
  for (const each of [pod, id, ...(layers ?? []).map((layer) => layer.id)]) {
    const left = ["overlay", ...lists].flatMap((list) =>
      [world.root, world.runRoot].map((root) => join(root, list, each)),
    );
    expect(left.filter((path) => existsSync(path))).toEqual([]);
  }
}

describe("a transient store (transient_store of storage.conf)", () => {
  let world: World;
  let kpod: (...args: string[]) => Promise<string>;
  let store: () => Store;
  let places: Places;

  beforeAll(async () => {
    ({ world, kpod, store } = await specialWorld(() => "transient_store = true"));
    await world.loadImages();
    places = placesOf(world.root, world.runRoot);
  }, 120_000);

  afterAll(async () => {
    await world.destroy();
  }, 120_000);

  test("its containers are recorded in the runroot, and end there", async () => {
    await liveAndDie(kpod, world, places);
    expect(existsSync(join(world.runRoot, "overlay-containers/containers.lock"))).toBe(true);
    expect(existsSync(join(world.root, "overlay-layers/volatile-layers.json"))).toBe(false);
  }, 120_000);

  test("a container of before it was transient is still there, and changed where it stands", async () => {
    const image = testImages().busybox.id;
    const made = await world.containersStorage(["create-container", "--name", "old", "--json", image]);
    const old = JSON.parse(succeeded(made, "create-container").stdout) as { id: StorageId; layer: string };
    addUnknown(places.stable[0]);
    const wanted = { names: ["new"], image: image as StorageId, layerName: "new-layer", metadata: "" };
    const created = await store().createContainer(wanted);
    expect((await store().containers()).map(({ id }) => id)).toEqual([old.id, created.id]);
    await store().setMetadata(old.id, "changed");
    expect(records(places.stable[0])).toMatchObject([{ id: old.id, metadata: "changed", ...unknownField }]);
    expect(records(places.volatile[0]).map(({ id }) => id)).toEqual([created.id]);
    // A reboot takes the runroot with it: the records in it, but not the older one.
    for (const list of lists) rmSync(join(world.runRoot, list), { recursive: true });
    expect((await store().containers()).map(({ id }) => id)).toEqual([old.id]);
    expect(await kpod("ps", "-a", "-q")).toBe("");
    await store().deleteContainer(old.id);
    expect(records(places.stable[0])).toEqual([]);
    const listed = await world.containersStorage(["containers", "--json"]);
    expect(JSON.parse(succeeded(listed, "containers").stdout) ?? []).toEqual([]);
  }, 120_000);
});

describe("a split store (imagestore of storage.conf)", () => {
  let world: World;
  let kpod: (...args: string[]) => Promise<string>;
  let store: () => Store;
  let imageStore: string;

  beforeAll(async () => {
    ({ world, kpod, store } = await specialWorld(
      ({ scratch }) => `imagestore = "${join(scratch, "images")}"`,
    ));
    imageStore = join(world.scratch, "images");
    const { busybox, pause } = testImages();
    for (const { layout, name } of [busybox, pause]) {
      const target = `containers-storage:[overlay@${imageStore}+${join(world.scratch, "run")}]${name}`;
      succeeded(await world.skopeo(["copy", "--quiet", `oci:${layout}:${name}`, target]), "skopeo copy");
    }
    await runProcess("umount", [join(imageStore, "overlay")]);
    mkdirSync(world.root);
  }, 120_000);

  afterAll(async () => {
    await world.destroy();
  }, 120_000);

  /** The older way to say it to a program that knows no split store: a further store, to be read only. */
  const theirs = async (...args: string[]): Promise<unknown> => {
    const options = ["--storage-opt", `overlay.imagestore=${imageStore}`];
    const answer = await world.containersStorage([...options, ...args]);
    return JSON.parse(succeeded(answer, `containers-storage ${args.join(" ")}`).stdout);
  };
  const byId = (list: unknown): string[] => ((list ?? []) as { id: string }[]).map(({ id }) => id).sort();

  test("images are found in it, as containers-storage finds them", async () => {
    const listed = JSON.parse(await kpod("images", "--format", "json")) as {
      id: string;
      size: number | null;
    }[];
    expect(byId(listed)).toEqual(byId(await theirs("images", "--json")));
    expect(listed.map(({ size }) => typeof size)).toEqual(["number", "number"]);
    expect(byId(await store().layers())).toEqual(byId(await theirs("layers", "--json")));
    const image = JSON.parse(await kpod("inspect", "-t", "image", "busybox")) as {
      GraphDriver: { Data: { UpperDir: string } };
    };
    expect(image.GraphDriver.Data.UpperDir.startsWith(`${imageStore}/overlay/`)).toBe(true);
  });

  test("images are neither loaded into it nor removed from it", async () => {
    const env = { CONTAINERS_STORAGE_CONF: join(world.scratch, "storage.conf") };
    for (const [verb, args] of [
      ["loads", ["load", testImages().busybox.ociArchive]],
      ["removes", ["rmi", "busybox"]],
    ] as const) {
      const { exitCode, stdout, stderr } = await world.kpod(args, { env });
      expect([exitCode, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(
        new RegExp(`^Error: kpod ${verb} no images (into|from) the split image store ${imageStore}: `),
      );
    }
  });

  test("containers stand on its layers, are recorded in the root, and leave it as it was", async () => {
    const before = listing(imageStore).filter((line) => !line.includes(".lock "));
    await liveAndDie(kpod, world, {
      stable: placesOf(world.root, "").stable,
      volatile: placesOf("", world.root).volatile,
    });
    expect(listing(imageStore).filter((line) => !line.includes(".lock "))).toEqual(before);
  }, 120_000);

  test("a container that containers-storage made over it is mounted, changed and deleted", async () => {
    const made = await theirs("create-container", "--name", "theirs", "--json", testImages().busybox.id);
    const { id, layer } = made as { id: StorageId; layer: StorageId };
    const path = await store().mount(layer);
    expect(existsSync(join(path, "bin/busybox"))).toBe(true);
    await store().setNames(id, ["renamed"]);
    expect(await theirs("containers", "--json")).toMatchObject([{ id, names: ["renamed"] }]);
    await store().deleteContainer(id);
    expect((await theirs("containers", "--json")) ?? []).toEqual([]);
    expect(existsSync(join(world.root, "overlay", layer))).toBe(false);
  });
});
