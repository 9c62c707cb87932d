import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { podData } from "../../src/lib/operations/pod-data";
import { renameContainer } from "../../src/lib/operations/rename";
import { persistedAddresses } from "../../src/lib/sandbox/addresses";
import type { StorageId } from "../../src/lib/names/ids";
import { stateOf } from "../helpers/captured-stores";
import { failureOf } from "../helpers/failure";
import { listing } from "../helpers/listing";
import { ids, startedAt, versions, versionServer, versionWorld } from "../helpers/version-worlds";

type Records = (Record<string, unknown> & { id: string })[];

const recordsOf = (directory: string, file: string): Records =>
  JSON.parse(readFileSync(join(directory, "root/overlay-containers", file), "utf8")) as Records;

describe.each(versions)("a node of CRI-O %s", (version) => {
  const modern = version === "1.26" || version === "1.36";
  const file = modern ? "volatile-containers.json" : "containers.json";

  test("is listed whole: names, namespaces, uids and attempts", async () => {
    const { server, logger } = versionServer(versionWorld(version));
    await server.update();
    const names = server.listContainers().map(({ name }) => name);
    expect(names.sort()).toEqual([
      "k8s_before_web_shop_5f3d6c1e-uid_0",
      "k8s_created_web_shop_5f3d6c1e-uid_0",
      "k8s_failed_web_shop_5f3d6c1e-uid_3",
      "k8s_oom_db_shop_5f3d6c1e-uid_0",
      "k8s_paused_web_shop_5f3d6c1e-uid_0",
      "k8s_runs_db_shop_5f3d6c1e-uid_0",
    ]);
    expect(server.lookupContainer("shop/web/failed").metadata).toEqual({ name: "failed", attempt: 3 });
    expect(server.lookupSandbox("shop/db")).toMatchObject({
      id: ids.infraPod,
      name: "k8s_db_shop_5f3d6c1e-uid_2",
      uid: "5f3d6c1e-uid",
      attempt: 2,
    });
    expect(server.lookupContainer("runs").labels).toEqual({ app: "runs" });
    expect(server.lookupSandbox("web").annotations).toEqual({ owner: "dragon" });
    expect(logger.warnings).toEqual([]);
  });

  test("shows what the runtime says, then the exit file, then CRI-O's memory", async () => {
    const { server } = versionServer(versionWorld(version));
    await server.update();
    const shown = server.listContainers().map((container) => [container.metadata.name, stateOf(container)]);
    expect(Object.fromEntries(shown)).toEqual({
      runs: "running",
      paused: "paused",
      failed: "stopped 3",
      oom: "stopped 137 oom",
      created: "created",
      before: "stopped 7",
    });
    const { state } = server.lookupContainer("failed");
    expect(state?.started).toEqual(new Date(startedAt));
    // The time of the exit file, which was written just now.
    expect(state?.finished?.getTime()).toBeGreaterThan(Date.parse("2026-01-03T00:00:00Z"));
    expect(server.lookupContainer("before").state?.finished).toEqual(new Date("2026-01-02T03:05:05Z"));
    const one = await server.runtime.updateStatus(server.lookupContainer("paused"));
    expect(one.status).toBe("paused");
  });

  test("knows the addresses of pods and containers", async () => {
    const { server } = versionServer(versionWorld(version));
    await server.update();
    const expected = version === "1.0" ? ["10.1.0.7"] : ["10.1.0.7", "fd00::7"];
    const data = await podData(server, "web");
    expect(data.IPs).toEqual(expected);
    expect(data.Trusted).toBe(true);
    expect(data.PortMappings).toHaveLength(version === "1.0" ? 0 : 1);
    expect(persistedAddresses(server.lookupContainer("runs").specAnnotations)).toEqual(expected);
  });

  test("its pods are ready until they were stopped, and after a reboot none is", async () => {
    const directory = versionWorld(version);
    const { server } = versionServer(directory);
    await server.update();
    const states = (): string[] => ["web", "db"].map((name) => server.lookupSandbox(name).state);
    expect(server.lookupSandbox("web").spoofed).toBe(modern);
    expect(states()).toEqual(["Ready", "Ready"]);
    const { bundlePath, dir } = server.lookupSandbox("web").infraContainer;
    const stopped = join(modern ? bundlePath : dir, "stopped");
    writeFileSync(stopped, "");
    expect(states()).toEqual(["NotReady", "Ready"]);
    rmSync(stopped);
    rmSync(join(directory, "runroot"), { recursive: true });
    writeFileSync(join(directory, "runtime/list.json"), "null");
    await server.update();
    expect(states()).toEqual(["NotReady", "NotReady"]);
  });

  test("a pod stops and goes with its containers, with and without a process of its own", async () => {
    const directory = versionWorld(version);
    const { server } = versionServer(directory);
    await server.update();
    // Its last containers have ended, and so has the infra container where there is one.
    writeFileSync(join(directory, "runtime/list.json"), "[]");
    for (const id of [ids.plainPod, ids.paused, ids.created]) {
      rmSync(join(directory, "runtime", `${id}.json`), { force: true });
    }
    const { stopPod } = await import("../../src/lib/operations/pods");
    const { removePod } = await import("../../src/lib/operations/remove");
    const pod = server.lookupSandbox("web");
    await stopPod(server, pod, 0);
    expect(pod.state).toBe("NotReady");
    await removePod(server, pod, false);
    await server.update();
    expect(server.listSandboxes().map(({ kubeName }) => kubeName)).toEqual(["db"]);
    expect(recordsOf(directory, file).map(({ id }) => id)).toEqual([ids.infraPod, ids.runs, ids.oom]);
  });

  test("is not written to by looking", async () => {
    const directory = versionWorld(version);
    const { server } = versionServer(directory);
    const before = listing(directory);
    await server.update();
    await server.update();
    await podData(server, "web");
    expect(listing(directory)).toEqual(before);
  });

  test("keeps what kpod does not know when one of its records is changed or deleted", async () => {
    const directory = versionWorld(version);
    const { server } = versionServer(directory);
    await server.update();
    const before = recordsOf(directory, file);
    const untouched = modern ? readFileSync(join(directory, "root/overlay-containers/containers.json")) : "";
    const container = server.lookupContainer("failed");
    await renameContainer(server, container, "k8s_other_web_shop_5f3d6c1e-uid_4");
    const renamed = recordsOf(directory, file);
    const metadata = JSON.parse(String(before.find(({ id }) => id === ids.failed)?.metadata)) as object;
    const other = "k8s_other_web_shop_5f3d6c1e-uid_4";
    expect(renamed).toEqual(
      before.map((record) =>
        record.id === ids.failed
          ? {
              ...record,
              names: [other],
              metadata: JSON.stringify({ ...metadata, name: other, "metadata-name": "other", attempt: 4 }),
            }
          : record,
      ),
    );
    expect(server.lookupContainer("other").id).toBe(ids.failed);
    await server.store.deleteContainer(ids.failed as StorageId);
    expect(recordsOf(directory, file)).toEqual(before.filter(({ id }) => id !== ids.failed));
    if (modern) {
      expect(readFileSync(join(directory, "root/overlay-containers/containers.json"))).toEqual(untouched);
      await server.store.setNames(ids.before as StorageId, ["old"]);
      expect(recordsOf(directory, "containers.json")).toMatchObject([
        { names: ["old"], "of-later-versions": { keep: [1, { me: true }] } },
      ]);
      expect(recordsOf(directory, file)).toHaveLength(before.length - 1);
    }
  });
});

test("a copy of a node elsewhere shows its last known state, and an end that is known", async () => {
  const directory = versionWorld("1.36", { "runtime/list.json": "null" });
  rmSync(join(directory, "runroot"), { recursive: true });
  const { server, logger } = versionServer(directory, { runRoot: join(directory, "no-such-runroot") });
  for (const id of [ids.runs, ids.paused, ids.created]) {
    const path = join(directory, "root/overlay-containers", id, "userdata/state.json");
    const state = JSON.parse(readFileSync(path, "utf8")) as object;
    const annotations = { "io.kubernetes.cri-o.MountPoint": "/no/such/root/overlay/x/merged" };
    writeFileSync(path, JSON.stringify({ ...state, annotations }));
  }
  const before = listing(directory);
  await server.update();
  const stateByName = (container: Container): [string, string] => [
    container.metadata.name,
    stateOf(container),
  ];
  expect(Object.fromEntries(server.listContainers().map(stateByName))).toEqual({
    runs: "unknown",
    paused: "unknown",
    created: "unknown",
    failed: "stopped 3",
    oom: "stopped 137 oom",
    before: "stopped 7",
  });
  expect(server.listSandboxes().map(({ state }) => state)).toEqual(["NotReady", "NotReady"]);
  expect(logger.warnings).toEqual([]);
  expect((await failureOf(server.getContainerStats(server.lookupContainer("runs")))).message).toMatch(
    /cannot read the stats of container [0-9a-f]{64}: its state is unknown/,
  );
  expect(listing(directory)).toEqual(before);
});
