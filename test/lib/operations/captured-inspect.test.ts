import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { containerData } from "../../../src/lib/operations/container-data";
import { podData } from "../../../src/lib/operations/pod-data";
import { captured, capturedContainers, data, layOut } from "../../helpers/captured-stores";
import { listing } from "../../helpers/listing";
import { runtimeScript, type RuntimeAnswer } from "../../helpers/runtime-script";
import { testServer, type TestServer } from "../../helpers/server";
import { testdir } from "../../helpers/testdir";

// Files captured on nodes that CRI-O ran are no part of the repository: skipped where the variable
// KPOD_CRIO_DATA does not name the directory that holds them.
const maybe = data === "" ? describe.skip : describe;

interface Node extends TestServer {
  directory: string;
}

/** A captured node whose runtimes say what they said when it was captured. */
async function node(directory: string, answers: readonly RuntimeAnswer[]): Promise<Node> {
  const [script] = Object.values(runtimeScript(directory, answers));
  if (script === undefined) throw new Error("no runtime");
  const made = testServer(directory, {
    // Its pods asked for the one or the other.
    runtimes: { runc: script, crun: script },
    logDir: "/var/log/pods",
  });
  await made.server.updateRecords();
  return { ...made, directory };
}

function jsonFile(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(...path), "utf8"));
}

/** The times of CRI are nanoseconds since 1970; ours have milliseconds. */
function milliseconds(nanoseconds: string | undefined): string {
  if (nanoseconds === undefined) return "0001-01-01T00:00:00Z";
  return new Date(Number(BigInt(nanoseconds) / 1_000_000n)).toISOString();
}

interface CriStatus {
  status: {
    id: string;
    metadata: { name: string; attempt?: number };
    state?: string;
    createdAt: string;
    startedAt?: string;
    exitCode?: number;
    reason?: string;
    image: { image: string };
    imageId: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    logPath: string;
    mounts: { containerPath: string; hostPath: string }[];
  };
  info: { info: string };
}

/** What the CRI puts into words of its own: as JSON in a text. */
interface CriInfo {
  sandboxID: string;
  pid: number;
  runtimeSpec: {
    process: { args: string[] };
    mounts: { destination: string; type: string; source: string; options?: string[] }[];
    linux: { cgroupsPath: string };
    annotations: Record<string, string>;
  };
}

const states: Readonly<Record<string, string[]>> = {
  CONTAINER_RUNNING: ["running", "paused"],
  CONTAINER_EXITED: ["stopped"],
  // CRI leaves the first of its states out.
  "": ["created"],
};

maybe("of a node that CRI-O 1.36.3 runs", () => {
  const version = "v1.36.3";
  const containers = data === "" ? [] : capturedContainers(version, "ID");
  const statusOf = (directory: string): CriStatus =>
    jsonFile(directory, "cri-ContainerStatus.json") as CriStatus;

  function makeNode(): Promise<Node> {
    const directory = layOut(version, ["containers.json", "volatile-containers.json"], "ID");
    for (const [from, to] of [
      ["layers.json", "root/overlay-layers"],
      ["volatile-layers.json", "root/overlay-layers"],
      ["images.json", "root/overlay-images"],
      ["mountpoints.json", "runroot/overlay-layers"],
    ] as const) {
      mkdirSync(join(directory, to), { recursive: true });
      cpSync(join(data, version, from), join(directory, to, from));
    }
    const answers = containers.flatMap((container) =>
      ["runc-state-output.json", "crun-state-output.json"]
        .map((name) => join(container.directory, "runtime", name))
        .filter((path) => existsSync(path))
        .map((path) => jsonFile(path) as RuntimeAnswer),
    );
    return node(directory, answers);
  }

  test.each(
    containers
      .filter(({ directory }) => /\/ctr-[^/]*$/.test(directory))
      .map((one) => [one.directory, one.id]),
  )("%s: a container is shown as CRI-O showed it", async (directory, id) => {
    const { server, logger } = await makeNode();
    const { status, info } = statusOf(directory);
    const { sandboxID, pid, runtimeSpec } = JSON.parse(info.info) as CriInfo;
    const shown = await containerData(server, id, false);
    expect(shown).toMatchObject({
      ID: status.id,
      Metadata: { name: status.metadata.name, attempt: status.metadata.attempt ?? 0 },
      Labels: status.labels,
      Annotations: status.annotations,
      LogPath: status.logPath,
      Image: status.image.image,
      ImageID: status.imageId,
      PodID: sandboxID,
      Args: runtimeSpec.process.args,
      CgroupPath: runtimeSpec.linux.cgroupsPath,
      Mounts: runtimeSpec.mounts.map((mount) => ({ options: [], ...mount })),
      Mountpoint:
        status.state === "CONTAINER_EXITED" ? "" : runtimeSpec.annotations["io.kubernetes.cri-o.MountPoint"],
      IPs: [runtimeSpec.annotations["io.kubernetes.cri-o.IP.0"]],
    });
    expect(shown.State).toMatchObject({
      created: milliseconds(status.createdAt),
      started: milliseconds(status.startedAt),
      exitCode: status.exitCode ?? 0,
      oomKilled: status.reason === "OOMKilled",
    });
    expect(states[status.state ?? ""]).toContain(shown.State.status);
    // Of an ended one the CRI still tells the pid that it had.
    if (shown.State.status !== "stopped") expect(shown.Pid).toBe(pid);
    for (const { containerPath, hostPath } of status.mounts) {
      expect(shown.Mounts.find(({ destination }) => destination === containerPath)?.source).toBe(hostPath);
    }
    expect(shown.ResolvConfPath).toBe(runtimeSpec.annotations["io.kubernetes.cri-o.ResolvPath"]);
    expect(shown.HostnamePath).toMatch(new RegExp(`/${sandboxID}/userdata/hostname$`));
    // The data of images were not captured.
    expect(logger.warnings).toEqual([expect.stringMatching(/cannot read manifest of image c47e7f6c03ac9/)]);
  });

  test.each([
    ["P1", "10.99.0.2"],
    ["P2", "10.99.0.3"],
  ])("%s: a pod is shown as CRI-O showed it", async (name, ip) => {
    const { server, logger, directory } = await makeNode();
    const before = listing(directory);
    const { status } = jsonFile(data, version, `PodSandboxStatus-${name}.json`) as {
      status: {
        id: string;
        metadata: { name: string; uid: string; namespace: string };
        createdAt: string;
        network: { ip: string };
        labels: Record<string, string>;
        annotations: Record<string, string>;
      };
    };
    const shown = await podData(server, status.id);
    expect(shown).toMatchObject({
      ID: status.id,
      KubeName: status.metadata.name,
      Namespace: status.metadata.namespace,
      UID: status.metadata.uid,
      Attempt: 0,
      State: "Ready",
      Labels: status.labels,
      Annotations: status.annotations,
      IPs: [status.network.ip],
      InfraContainerID: status.id,
      Trusted: true,
      Privileged: false,
    });
    expect(ip).toBe(status.network.ip);
    // To the nanosecond, since it is CRI-O's own text.
    const [, fraction = ""] = shown.Created.split(".");
    expect(fraction).toBe(`${status.createdAt.slice(-9).replace(/0+$/, "")}Z`);
    const list = jsonFile(data, version, "ListContainers.json") as {
      containers: { id: string; podSandboxId: string }[];
    };
    expect(shown.Containers.map(({ ID }) => ID).sort()).toEqual(
      list.containers
        .filter(({ podSandboxId }) => podSandboxId === status.id)
        .map(({ id }) => id)
        .sort(),
    );
    expect(logger.warnings).toEqual([]);
    expect(listing(directory)).toEqual(before);
  });
});

maybe("of a node that CRI-O 1.26.4 ran", () => {
  const version = "v1.26.4";

  function makeNode(): Promise<Node> {
    const directory = testdir({ "root/overlay-containers/": null });
    cpSync(
      join(data, version, "volatile-containers.json"),
      join(directory, "root/overlay-containers/volatile-containers.json"),
    );
    for (const name of ["P1", "P2", "C1", "C2"]) {
      const spec = jsonFile(data, version, `${name}-config.json`) as { annotations: Record<string, string> };
      const id = spec.annotations["io.kubernetes.cri-o.ContainerID"] ?? "";
      const to = join(directory, "root/overlay-containers", id, "userdata");
      mkdirSync(to, { recursive: true });
      mkdirSync(join(directory, "runroot/overlay-containers", id, "userdata"), { recursive: true });
      for (const file of ["config.json", "state.json"]) {
        const from = join(data, version, `${name}-${file}`);
        if (existsSync(from)) cpSync(from, join(to, file));
      }
    }
    return node(directory, []);
  }

  test("pods and containers have what their annotations say", async () => {
    const { server } = await makeNode();
    const shown = await podData(server, "web");
    expect(shown).toMatchObject({
      State: "Ready",
      IPs: ["10.99.0.2"],
      Created: "2026-11-23T11:03:26.843231271Z",
      Hostname: "web-host",
    });
    expect(shown.NetNsPath).toMatch(/netns\/0fb283a7-ff31-4c25-b1cc-08a2af32fb86$/);
    const config = jsonFile(data, version, "C2-config.json") as {
      process: { args: string[] };
      annotations: Record<string, string>;
    };
    const container = await containerData(
      server,
      config.annotations["io.kubernetes.cri-o.ContainerID"] ?? "",
      false,
    );
    expect(container).toMatchObject({
      State: { status: "stopped", exitCode: 3 },
      Args: config.process.args,
      IPs: ["10.99.0.2"],
      PodName: "web",
      LogPath: config.annotations["io.kubernetes.cri-o.LogPath"],
      Pid: 0,
    });
  });
});

maybe("of a node that CRI-O 1.0.0 ran", () => {
  const version = "v1.0.0";

  function makeNode(): Promise<Node> {
    const directory = layOut(version, ["containers.json"], "id");
    for (const kind of ["layers", "images"]) {
      mkdirSync(join(directory, `root/overlay-${kind}`));
      cpSync(join(data, version, `${kind}.json`), join(directory, `root/overlay-${kind}`, `${kind}.json`));
    }
    const answers = captured(version, "runc-list.txt")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(/\s+/))
      .map(([id = "", pid, status, bundle, created]) => ({ id, pid: Number(pid), status, bundle, created }));
    return node(directory, answers);
  }

  test("a pod has its one address, its trust, and the namespaces of its process", async () => {
    const { server } = await makeNode();
    expect(await podData(server, "podsandbox1")).toMatchObject({
      Name: "k8s_podsandbox1_redhat.test.crio_redhat-test-crio_1",
      KubeName: "podsandbox1",
      Namespace: "redhat.test.crio",
      UID: "redhat-test-crio",
      Attempt: 1,
      State: "Ready",
      Created: "2026-11-23T10:38:28.347680515Z",
      Labels: { group: "test", "io.kubernetes.container.name": "POD" },
      Annotations: { owner: "hmeng" },
      IPs: ["10.231.0.2"],
      NetNsPath: "/var/run/netns/k8s_podsandbox1_redhat.test.crio_redhat-test-crio_1-f914d56b",
      Hostname: "host-podsandbox1",
      Trusted: true,
      PortMappings: [],
    });
  });

  test("a container has labels, annotations, mounts and address", async () => {
    const { server } = await makeNode();
    const shown = await containerData(server, "labelled", false);
    expect(shown).toMatchObject({
      Labels: { app: "web", batch: "no", type: "small" },
      Annotations: { "example.test/json": '{"a":[1,2]}', owner: "dragon" },
      State: { status: "running", pid: 29154, exitCode: 0, finished: "0001-01-01T00:00:00Z" },
      Image: "redis:alpine",
      IPs: ["10.231.0.3"],
      HostsPath: "",
      StopSignal: "TERM",
      CgroupPath: `/refa/web/crio-${shown.ID}`,
    });
    const sources = shown.Mounts.filter(({ destination }) => destination.startsWith("/vol-"));
    expect(sources).toEqual([
      {
        destination: "/vol-rw",
        type: "bind",
        source: "/srv/node/vol-rw",
        options: ["rw", "rbind", "rprivate"],
      },
      {
        destination: "/vol-ro",
        type: "bind",
        source: "/srv/node/vol-ro",
        options: ["ro", "rbind", "rprivate"],
      },
    ]);
    // Two mounts at /dev/shm: the second covers the first.
    expect(shown.ResolvConfPath).toMatch(/\/710b0a364801[0-9a-f]+\/userdata\/resolv\.conf$/);
    expect(await server.getContainerRootFsSize(shown.ID)).toBe(2140160 + 10240);
  });

  test("every container that was captured can be shown", async () => {
    const { server, directory } = await makeNode();
    const names = server.listContainers().map(({ id }) => id);
    for (const id of names) expect((await containerData(server, id, false)).ID).toBe(id);
    expect(names.length).toBe(13);
    expect(readdirSync(directory).sort()).not.toContain("crio.lock");
  });
});
