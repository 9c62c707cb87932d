import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerServer } from "../../src/lib/container-server";
import { persistedAddresses } from "../../src/lib/sandbox/addresses";
import {
  captured,
  capturedContainers,
  data,
  layOut,
  layOutByName,
  serverOf,
  stateOf,
} from "../helpers/captured-stores";
import { failureOf } from "../helpers/failure";
import { listing } from "../helpers/listing";

// Files captured on nodes that CRI-O ran are no part of the repository: skipped where the variable
// KPOD_CRIO_DATA does not name the directory that holds them.
const maybe = data === "" ? describe.skip : describe;

/** The state of each container by its name in Kubernetes. */
function states(server: ContainerServer): Record<string, string> {
  const entries = server.listContainers().map((container) => [container.metadata.name, stateOf(container)]);
  return Object.fromEntries(entries) as Record<string, string>;
}

maybe("the store of a node that CRI-O 1.0.0 ran", () => {
  const version = "v1.0.0";
  const lay = (): string => layOut(version, ["containers.json"], "id");
  const answers = (): unknown[] =>
    captured(version, "runc-list.txt")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(/\s+/))
      .map(([id, pid, status, bundle, created]) => ({ id, pid: Number(pid), status, bundle, created }));

  test("is listed whole, though most of its files are missing", async () => {
    const { server, logger } = serverOf(lay(), answers());
    await server.update();
    const records = JSON.parse(captured(version, "containers.json")) as { id: string; names: string[] }[];
    const listed = [
      ...server.listContainers().map(({ id, name }) => [id, name]),
      ...server.listSandboxes().map(({ id, infraContainer }) => [id, infraContainer.name]),
    ];
    expect(listed.sort()).toEqual(records.map(({ id, names }) => [id, names[0]]).sort());
    const pods = server
      .listSandboxes()
      .map(({ namespace, kubeName, uid, attempt, name }) => [
        [namespace, kubeName, uid, attempt].join(" "),
        name,
      ]);
    expect(pods.sort()).toEqual([
      ["default nolabels uid-nolabels-0004 1", "k8s_nolabels_default_uid-nolabels-0004_1"],
      ["default web uid-web-0002 1", "k8s_web_default_uid-web-0002_1"],
      ["kube-system hostnet uid-hostnet-0003 1", "k8s_hostnet_kube-system_uid-hostnet-0003_1"],
      [
        "redhat.test.crio podsandbox1 redhat-test-crio 1",
        "k8s_podsandbox1_redhat.test.crio_redhat-test-crio_1",
      ],
    ]);
    expect(logger.warnings).toEqual([]);
  });

  test("shows the states that the runtime told, and how containers ended", async () => {
    const { server } = serverOf(lay(), answers());
    await server.update();
    expect(states(server)).toEqual({
      "podsandbox1-redis": "running",
      created1: "created",
      exit0: "stopped 255",
      exit3: "stopped 3",
      paused1: "paused",
      labelled: "running",
      tty1: "running",
      logger: "running",
      oomer: "stopped 0 oom",
      "hostnet-sleep": "running",
      killed: "stopped 255",
      busy: "running",
      "in-nolabels": "running",
    });
    expect(server.lookupSandbox("podsandbox1").state).toBe("Ready");
    const pid = server.lookupContainer("labelled").state?.pid;
    expect(pid).toBe(29154);
  });

  test.each<["unreachable" | "absent"]>([["unreachable"], ["absent"]])(
    "with a runtime that is %s shows what is known of the end, and no more",
    async (answer) => {
      const { server, logger } = serverOf(lay(), answer === "absent" ? [] : "unreachable");
      await server.update();
      expect(states(server)).toMatchObject({
        exit3: "stopped 3",
        oomer: "stopped 0 oom",
        labelled: "unknown",
        paused1: "unknown",
        created1: "unknown",
      });
      expect(server.lookupSandbox("podsandbox1").state).toBe("NotReady");
      expect(logger.warnings).toHaveLength(answer === "absent" ? 0 : 1);
    },
  );

  test("tells labels and annotations of those whose spec is there, and of the others that it is not", async () => {
    const { server } = serverOf(lay(), answers());
    await server.update();
    expect(server.lookupContainer("labelled").labels).toEqual({ app: "web", batch: "no", type: "small" });
    expect(server.lookupContainer("labelled").annotations).toEqual({
      "example.test/json": '{"a":[1,2]}',
      owner: "dragon",
    });
    expect(server.lookupContainer("exit3").labels).toEqual({});
    expect(server.lookupSandbox("podsandbox1").labels).toEqual({
      group: "test",
      "io.kubernetes.container.name": "POD",
    });
    expect(server.lookupSandbox("podsandbox1").annotations).toEqual({ owner: "hmeng" });
    const pod = server.lookupSandbox("podsandbox1");
    expect([pod.trusted, pod.privileged, pod.hostNetwork, pod.spoofed]).toEqual([true, false, false, false]);
    expect(pod.namespacePath("network")).toMatch(/^\/var\/run\/netns\/|^\/proc\//);
    expect(server.lookupContainer("tty1").terminal).toBe(true);
    for (const name of ["exit0", "in-nolabels"]) {
      expect((await failureOf(() => server.lookupContainer(name).labels)).code).toBe("CORRUPT");
    }
    expect((await failureOf(() => server.lookupSandbox("nolabels").labels)).code).toBe("CORRUPT");
  });

  test("survives a spec and a state.json that are broken", async () => {
    const directory = lay();
    const { server } = serverOf(directory, answers());
    await server.update();
    const before = states(server);
    const { dir, bundlePath } = server.lookupContainer("labelled");
    for (const name of ["config.json", "state.json"]) writeFileSync(join(dir, name), "{");
    rmSync(bundlePath, { recursive: true });
    await server.update();
    expect(states(server)).toEqual(before);
    expect((await failureOf(() => server.lookupContainer("labelled").labels)).code).toBe("CORRUPT");
  });

  test("is not written to by looking", async () => {
    const directory = lay();
    const { server } = serverOf(directory, answers());
    const before = listing(directory);
    await server.update();
    await server.update();
    expect(listing(directory)).toEqual(before);
  });
});

/** What the CRI of the captured node answered. */
interface CriItem {
  id: string;
  metadata: { name: string; namespace: string; uid: string };
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

maybe("the store of a node that CRI-O 1.36.3 runs", () => {
  const version = "v1.36.3";
  const lay = (): string => layOut(version, ["containers.json", "volatile-containers.json"], "ID");
  const answers = (): unknown[] =>
    capturedContainers(version, "ID")
      .map(({ directory }) => join(directory, "runtime"))
      .flatMap((directory) =>
        ["runc-state-output.json", "crun-state-output.json"].map((name) => join(directory, name)),
      )
      .filter((file) => existsSync(file))
      .map((file) => JSON.parse(readFileSync(file, "utf8")) as unknown);

  test("shows the pods and containers that CRI-O showed, with their labels and annotations", async () => {
    const { server, logger } = serverOf(lay(), answers());
    await server.update();
    const pods = JSON.parse(captured(version, "ListPodSandbox.json")) as { items: CriItem[] };
    expect(
      server.listSandboxes().map(({ id, kubeName, namespace, uid, labels, annotations }) => [
        { id, labels, annotations },
        { name: kubeName, namespace, uid },
      ]),
    ).toEqual(
      expect.arrayContaining(
        pods.items.map(({ id, labels, annotations, metadata }) => [{ id, labels, annotations }, metadata]),
      ),
    );
    const list = JSON.parse(captured(version, "ListContainers.json")) as { containers: CriItem[] };
    const ours = server
      .listContainers()
      .map(({ id, metadata, labels, annotations }) => [{ id, labels, annotations }, metadata.name]);
    expect(ours).toHaveLength(list.containers.length);
    expect(ours).toEqual(
      expect.arrayContaining(
        list.containers.map(({ id, labels, annotations, metadata }) => [
          { id, labels, annotations },
          metadata.name,
        ]),
      ),
    );
    expect(logger.warnings).toEqual([]);
  });

  test("shows the states that the runtimes told, and how containers ended", async () => {
    const { server } = serverOf(lay(), answers());
    await server.update();
    const shown = server
      .listContainers()
      .map(
        (container) =>
          `${server.getSandbox(container.sandboxId)?.kubeName ?? ""}/${container.metadata.name} ${stateOf(container)}`,
      );
    expect(shown.sort()).toEqual([
      "db/oom stopped 137 oom",
      "db/run running",
      "db/tty running",
      "web/created created",
      "web/fail stopped 3",
      "web/paused paused",
      "web/run running",
    ]);
    const ended = server.lookupContainer("fail").state;
    expect(ended?.started?.toISOString()).toBe("2026-11-23T10:55:50.549Z");
    expect([server.lookupSandbox("web").state, server.lookupSandbox("db").state]).toEqual(["Ready", "Ready"]);
  });

  test("a pod without a process is ready until it was stopped; one with a process, while that runs", async () => {
    const directory = lay();
    const { server } = serverOf(directory, []);
    await server.update();
    const [web, db] = [server.lookupSandbox("web"), server.lookupSandbox("db")];
    expect([web.spoofed, db.spoofed]).toEqual([true, false]);
    expect([web.state, db.state]).toEqual(["Ready", "NotReady"]);
    writeFileSync(join(web.infraContainer.bundlePath, "stopped"), "");
    expect(web.state).toBe("NotReady");
    rmSync(join(web.infraContainer.bundlePath, "stopped"));
    mkdirSync(web.infraContainer.dir, { recursive: true });
    writeFileSync(join(web.infraContainer.dir, "stopped"), "");
    expect(web.state).toBe("NotReady");
  });

  test("tells what the annotations of a pod hold", async () => {
    const { server } = serverOf(lay(), []);
    await server.update();
    const web = server.lookupSandbox("web");
    expect(web.runtimeHandler).toBe("runc");
    expect(web.hostname).toBe("web-host");
    expect([web.hostNetwork, web.privileged, web.trusted]).toEqual([false, false, undefined]);
    expect(web.portMappings).toEqual([]);
    expect(web.namespacePath("network")).toMatch(/^\/var\/run\/netns\//);
    expect(web.namespacePath("pid")).toBe("");
    const status = JSON.parse(captured(version, "PodSandboxStatus-P2.json")) as {
      status: { network: { ip: string } };
    };
    const { specAnnotations } = server.lookupSandbox("db").infraContainer;
    expect(persistedAddresses(specAnnotations)).toEqual([status.status.network.ip]);
    expect(server.lookupContainer("db/run").logPath).toBe("/var/log/pods/refns_db_uid-db-2/run/0.log");
  });
});

maybe("the store of a node that CRI-O 1.26.4 ran", () => {
  const version = "v1.26.4";

  test("is listed from the volatile file, with the old name for a pod without a process", async () => {
    const { server, logger } = serverOf(layOutByName(version), []);
    await server.update();
    expect(
      server
        .listSandboxes()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["k8s_db_refns_uid-db-2_0", "k8s_web_refns_uid-web-1_0"]);
    expect([server.lookupSandbox("web").state, server.lookupSandbox("db").state]).toEqual([
      "Ready",
      "NotReady",
    ]);
    expect(server.listContainers()).toHaveLength(7);
    expect(stateOf(server.lookupContainer("fail"))).toBe("stopped 3");
    expect(stateOf(server.lookupContainer("web/run"))).toBe("unknown");
    expect(logger.warnings).toEqual([]);
  });
});
