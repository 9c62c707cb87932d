import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerServer } from "../../src/lib/container-server";
import type { ContainerInfo, RuntimeServer } from "../../src/lib/storage/runtime-server";
import { isMountPoint } from "../../src/lib/system/mount";
import { failureOf } from "../helpers/failure";
import { testServer } from "../helpers/server";
import { useStoreWorld } from "../helpers/store-world";

const fixture = useStoreWorld();
let server: ContainerServer;
let storage: RuntimeServer;

beforeAll(() => {
  const { root, runRoot } = fixture.world;
  ({ server } = testServer(fixture.world.directory, { root, runRoot }));
  storage = server.storageRuntimeServer;
});

async function createPod(name = "web", attempt = 0): Promise<ContainerInfo> {
  return storage.createPodSandbox({
    podName: `k8s_${name}_shop_u1_${attempt}`,
    containerName: `k8s_POD_${name}_shop_u1_${attempt}`,
    metadataName: name,
    uid: "u1",
    namespace: "shop",
    attempt,
    imageName: "localhost/pause:latest",
    image: await server.store.image("localhost/pause"),
  });
}

async function createContainer(pod: ContainerInfo, name = "run"): Promise<ContainerInfo> {
  return storage.createContainer({
    podName: "k8s_web_shop_u1_0",
    podId: pod.id,
    containerName: `k8s_${name}_web_shop_u1_0`,
    metadataName: name,
    attempt: 0,
    imageName: "localhost/busybox:latest",
    image: await server.store.image("localhost/busybox"),
  });
}

test("a pod and a container are persisted as CRI-O does it, and every program reads them", async () => {
  const pod = await createPod("web", 3);
  const container = await createContainer(pod);
  expect((await fixture.agreedIds()).sort()).toEqual([pod.id, container.id].sort());
  expect(pod.config.config?.Entrypoint).toEqual(["/pause"]);
  expect([container.dir, container.runDir].map((path) => existsSync(path))).toEqual([true, true]);
  expect([storage.getWorkDir(pod.id), storage.getRunDir(pod.id)]).toEqual([pod.dir, pod.runDir]);

  const records = await server.store.containers();
  expect(records.map(({ names }) => names)).toEqual([
    ["k8s_POD_web_shop_u1_3", "k8s_web_shop_u1_3"],
    ["k8s_run_web_shop_u1_0"],
  ]);
  const layers = await server.store.layers();
  expect(layers.flatMap(({ names = [] }) => names)).toEqual([
    "k8s_POD_web_shop_u1_3-layer",
    "k8s_run_web_shop_u1_0-layer",
  ]);
  const keys = records.map(({ metadata = "{}" }) => Object.keys(JSON.parse(metadata) as object).join(" "));
  expect(keys).toEqual([
    "pod-name pod-id image-name image-id name metadata-name uid namespace created-at attempt pod",
    "pod-name pod-id image-name image-id name metadata-name created-at",
  ]);
  await server.update();
  expect(server.lookupContainer("shop/web/run").id).toBe(container.id);
  expect(server.lookupSandbox("web").attempt).toBe(3);
});

test("metadata is read and replaced, by id or name, and keeps what kpod does not know", async () => {
  const pod = await createPod();
  const metadata = await storage.getContainerMetadata("k8s_web_shop_u1_0");
  expect(metadata).toMatchObject({ "pod-id": pod.id, namespace: "shop", pod: true });
  const changed = { ...metadata, mountlabel: "system_u:object_r:x", future: { a: [1] } };
  await storage.setContainerMetadata(pod.id, changed);
  expect(JSON.stringify(await storage.getContainerMetadata(pod.id))).toBe(JSON.stringify(changed));

  const foreign = await fixture.create("podman");
  expect((await failureOf(storage.getContainerMetadata(foreign.id))).code).toBe("CORRUPT");
});

test("a container is mounted and unmounted, whoever mounted it", async () => {
  const container = await createContainer(await createPod());
  const path = await storage.startContainer(container.id);
  expect(existsSync(join(path, "bin/sh"))).toBe(true);
  expect(await storage.startContainer("k8s_run_web_shop_u1_0")).toBe(path);
  await storage.stopContainer(container.id);
  expect(isMountPoint(path)).toBe(false);
  await storage.stopContainer(container.id);
});

test("what is deleted, or was never there, is NOT_FOUND", async () => {
  const pod = await createPod();
  const container = await createContainer(pod);
  await storage.deleteContainer("k8s_run_web_shop_u1_0");
  await storage.removePodSandbox(pod.id);
  expect(await fixture.agreedIds()).toEqual([]);
  const failures = [
    storage.deleteContainer(container.id),
    storage.removePodSandbox("k8s_web_shop_u1_0"),
    storage.startContainer("x"),
    storage.stopContainer("x"),
    storage.getContainerMetadata(""),
  ];
  for (const failure of failures) expect((await failureOf(failure)).code).toBe("NOT_FOUND");
});

test("a name that is taken is a CONFLICT that names the holder", async () => {
  const pod = await createPod();
  const error = await failureOf(createPod());
  expect(error.code).toBe("CONFLICT");
  expect(error.message).toContain(pod.id);
});

test("shutdown unmounts what only stopped containers hold, and leaves a ready pod without a process", async () => {
  const pod = await createPod();
  writeFileSync(join(pod.dir, "config.json"), JSON.stringify({ annotations: { "spoofed.crio.io": "true" } }));
  const container = await createContainer(pod);
  const mounted = await storage.startContainer(pod.id);
  const stopped = await storage.startContainer(container.id);
  writeFileSync(join(container.dir, "exit"), "0");
  const home = join(server.config.root, "overlay");
  await server.shutdown();
  expect([mounted, stopped, home].map(isMountPoint)).toEqual([true, false, true]);
  await storage.removePodSandbox(pod.id);
  await server.shutdown();
  expect(isMountPoint(home)).toBe(false);
});

test("a container whose record has lost its layer is told, and can be deleted", async () => {
  const container = await createContainer(await createPod());
  const [file] = server.store.layout.containersFiles;
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replaceAll('"layer":', '"lost":'));
  expect((await failureOf(storage.startContainer(container.id))).code).toBe("CORRUPT");
  await storage.deleteContainer(container.id);
  expect(existsSync(container.dir)).toBe(false);
  writeFileSync(file, text);
});
