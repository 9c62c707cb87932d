import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeServer, type ContainerInfo } from "../../src/lib/storage/runtime-server";
import type { ImageRecord } from "../../src/lib/storage/records";
import { Store } from "../../src/lib/storage/store";
import { isMountPoint } from "../../src/lib/system/mount";
import { killedAt } from "../helpers/killed";
import { createNode, type Node } from "../helpers/node";
import { succeeded } from "../helpers/process";
import { agreedIds, createStoreWorld, layerOf, type StoreWorld } from "../helpers/store-world";
import type { World } from "../helpers/world";

/** More steps than any of the commands has. */
const mostSteps = 200;

const places = ["overlay/tempdirs", "overlay-layers/tmp"];

interface Layer {
  readonly id: string;
  readonly flags?: { readonly incomplete?: boolean };
}

function layersIn({ root }: World): Layer[] {
  const path = join(root, "overlay-layers/layers.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Layer[]) : [];
}

/** A layer's record without its directory makes a CRI-O wipe the store, unless it says that it is incomplete. */
function expectDirectories(world: World): void {
  for (const { id, flags } of layersIn(world)) {
    const isThere = existsSync(join(world.root, "overlay", id, "diff"));
    expect({ id, complete: isThere || flags?.incomplete === true }).toEqual({ id, complete: true });
  }
}

/** Every directory and link of the driver belongs to a record, and nothing waits for its deletion. */
function expectTidy(world: World): void {
  const { root, runRoot } = world;
  const ids = layersIn(world).map(({ id }) => id);
  const names = readdirSync(join(root, "overlay"));
  expect(names.filter((name) => /^[0-9a-f]{64}$/.test(name)).sort()).toEqual([...ids].sort());
  const links = readdirSync(join(root, "overlay/l")).map((name) =>
    readlinkSync(join(root, "overlay/l", name)),
  );
  expect(links.sort()).toEqual(ids.map((id) => `../${id}/diff`).sort());
  for (const place of [...places.map((name) => join(root, name)), join(runRoot, "overlay-layers/tmp")])
    expect(existsSync(place) ? readdirSync(place) : []).toEqual([]);
}

/** What another change of the store clears, whatever it is about. */
async function changeSomething(store: Store, image: ImageRecord): Promise<void> {
  const wanted = { names: ["other"], image: image.id, layerName: "other-layer", metadata: "" };
  await store.deleteContainer((await store.createContainer(wanted)).id);
}

/** Does something that ends by SIGKILL at its first step, then at its second, until it comes to its end. */
async function atEveryStep(
  attempt: (step: number) => Promise<"killed" | "done">,
  { stride = 1 } = {},
): Promise<void> {
  let step = 1;
  while ((await attempt(step)) === "killed") {
    step += stride;
    expect(step).toBeLessThan(mostSteps);
  }
  // Else nothing would have been tried.
  expect(step).toBeGreaterThan(10);
}

describe("a removal that is killed", () => {
  let made: StoreWorld;
  let server: RuntimeServer;
  let images: Record<"busybox" | "pause", ImageRecord>;

  beforeAll(async () => {
    made = await createStoreWorld();
    server = new RuntimeServer(made.store);
    images = { busybox: await made.store.image("busybox"), pause: await made.store.image("pause") };
    await changeSomething(made.store, images.busybox);
    // Podman makes files of its own when it first sees a store.
    await made.agreedIds();
  }, 120_000);

  afterEach(async () => {
    for (const { id } of await made.store.containers()) await made.store.deleteContainer(id);
  });

  afterAll(() => made.world.destroy(), 120_000);

  /** A pod, or a container in it, as it lies there when nothing of it runs any more; its file system is mounted. */
  async function create(name: string, pod?: ContainerInfo): Promise<ContainerInfo> {
    const podName = "k8s_web_default_u1_0";
    const info =
      pod === undefined
        ? await server.createPodSandbox({
            ...{ podName, containerName: "k8s_POD_web_default_u1_0", metadataName: "web", uid: "u1" },
            ...{ namespace: "default", attempt: 0, imageName: "pause", image: images.pause },
          })
        : await server.createContainer({
            ...{ podName, podId: pod.id, containerName: `k8s_${name}_web_default_u1_0`, metadataName: name },
            ...{ attempt: 0, imageName: "busybox", image: images.busybox },
          });
    const path = await server.startContainer(info.id);
    mkdirSync(join(path, "deep/er"), { recursive: true });
    for (const directory of [path, join(path, "deep/er")]) writeFileSync(join(directory, "file"), "");
    const annotations = { "io.container.manager": "cri-o" };
    for (const directory of [info.dir, info.runDir])
      writeFileSync(join(directory, "config.json"), JSON.stringify({ ociVersion: "1.0.2", annotations }));
    return info;
  }

  const removed = async (step: number, ...args: string[]): Promise<"killed" | "done"> => {
    const { exitCode, stderr } = await killedAt(step, ["--config", made.world.config, ...args]);
    if (exitCode !== 137) expect([exitCode, stderr]).toEqual([0, ""]);
    expectDirectories(made.world);
    // Either other programs look at what is left, and clear what they can, or kpod goes on alone.
    if (step % 5 === 0) await made.agreedIds();
    return exitCode === 137 ? "killed" : "done";
  };

  test("rm -f: at every step", async () => {
    const pod = await create("web");
    const before = made.paths();
    await atEveryStep(async (step) => {
      const { id } = await create("victim", pod);
      const outcome = await removed(step, "rm", "-f", id);
      if ((await made.store.containers()).some((record) => record.id === id)) {
        expect(outcome).toBe("killed");
        succeeded(await made.world.kpod(["rm", "-f", id]), "rm -f");
      } else if (outcome === "killed") {
        await changeSomething(made.store, images.busybox);
      }
      expect(made.paths()).toEqual(before);
      expectTidy(made.world);
      return outcome;
    });
    expect(await made.agreedIds()).toEqual([pod.id]);
    succeeded(await made.world.kpod(["pod", "rm", "-f", "web"]), "pod rm -f");
  }, 200_000);

  // Those of a container are tried one by one above.
  test("pod rm -f: at every second step", async () => {
    const before = made.paths();
    await atEveryStep(
      async (step) => {
        const pod = await create("web");
        await create("victim", pod);
        const outcome = await removed(step, "pod", "rm", "-f", "web");
        if ((await made.store.containers()).length > 0) {
          expect(outcome).toBe("killed");
          succeeded(await made.world.kpod(["pod", "rm", "-f", "web"]), "pod rm -f");
        } else if (outcome === "killed") {
          await changeSomething(made.store, images.busybox);
        }
        expect(made.paths()).toEqual(before);
        expectTidy(made.world);
        return outcome;
      },
      { stride: 2 },
    );
    expect(await made.agreedIds()).toEqual([]);
  }, 200_000);

  test("rmi: at every step", async () => {
    const { world, store } = made;
    let before: string[] | undefined;
    await atEveryStep(async (step) => {
      await world.loadImages("pause");
      const outcome = await removed(step, "rmi", "pause");
      if ((await store.images()).some(({ id }) => id === images.pause.id)) {
        expect(outcome).toBe("killed");
        succeeded(await world.kpod(["rmi", "pause"]), "rmi");
      } else if (outcome === "killed") {
        await changeSomething(store, images.busybox);
      }
      before ??= made.paths();
      expect(made.paths()).toEqual(before);
      expectTidy(world);
      return outcome;
    });
    const listed = succeeded(await world.podman(["images", "--quiet", "--no-trunc"]), "podman images").stdout;
    expect(listed.trim()).toBe(`sha256:${images.busybox.id}`);
  }, 200_000);
});

describe("a launch that is killed", () => {
  let node: Node;

  beforeAll(async () => {
    node = await createNode();
  }, 120_000);

  afterAll(() => node.world.destroy(), 120_000);

  test("run: at every step until its file system is mounted", async () => {
    const { world } = node;
    const { root, runRoot, config } = world;
    const store = new Store({ root, runRoot, storage: "overlay", storageOptions: [] });
    const pod = await node.pod("shop");
    const image = await store.image("busybox");
    await changeSomething(store, image);
    await atEveryStep(async (step) => {
      const run = ["run", "-d", "--pod", "shop", "--name", "new", "busybox", "sleep", "1000"];
      const { exitCode } = await killedAt(step, ["--config", config, ...run]);
      expect(exitCode).toBe(137);
      expectDirectories(world);
      if (step % 3 === 0) await agreedIds(world, store);
      const record = (await store.containers()).find(({ id }) => id !== pod.id);
      const isMounted =
        record !== undefined && isMountPoint(join(root, "overlay", layerOf(record), "merged"));
      if (record === undefined) await changeSomething(store, image);
      else await node.ok("rm", "-f", record.id);
      expect((await store.containers()).map(({ id }) => id)).toEqual([pod.id]);
      if (step % 3 === 1) await agreedIds(world, store);
      expectTidy(world);
      return isMounted ? "done" : "killed";
    });
  }, 200_000);
});
