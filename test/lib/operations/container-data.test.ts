import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failureOf } from "../../helpers/failure";
import { imageTree, type TestImage } from "../../helpers/image-tree";
import { listing } from "../../helpers/listing";
import { runtimeScript, type RuntimeAnswer } from "../../helpers/runtime-script";
import { testServer, type TestServer } from "../../helpers/server";
import { storeTree, testId, type TestContainer, type TestPod } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const cri = (name: string): string => `io.kubernetes.cri-o.${name}`;
const pod: TestPod = {
  id: testId("web"),
  name: "web",
  namespace: "shop",
  uid: "u1",
  annotations: { [cri("CNIResult")]: JSON.stringify({ ips: [{ address: "10.1.2.3/16" }] }) },
};
const run: TestContainer = {
  id: testId("run"),
  pod,
  name: "run",
  attempt: 2,
  labels: { tier: "front" },
  annotations: {
    [cri("Annotations")]: JSON.stringify({ "example.com/owner": "<a&b>" }),
    [cri("LogPath")]: "/var/log/pods/web/run.log",
    "org.opencontainers.image.stopSignal": "SIGQUIT",
  },
};
const layer = testId(`layer of ${run.id}`);
const imageConfig = {
  created: "2023-01-02T03:04:05Z",
  config: {
    StopSignal: "SIGQUIT",
    Cmd: ["sh"],
    Env: ["PATH=/bin", "TERM=xterm"],
    ExposedPorts: { "80/tcp": {} },
    Labels: { a: "b" },
    Entrypoint: null,
    WorkingDir: "/srv",
  },
  history: [{ created_by: "first" }, { created_by: "COPY . /" }],
};
const busybox: TestImage = {
  id: testId("busybox"),
  names: ["localhost/busybox:latest"],
  layer: testId("base"),
  config: imageConfig,
  manifest: { config: { digest: `sha256:${testId("busybox")}` }, annotations: { built: "by hand" } },
};
const running: RuntimeAnswer = {
  id: run.id,
  ociVersion: "1.0.2",
  status: "running",
  pid: process.pid,
  bundle: "/bundle",
  created: "2023-11-14T22:13:22.123456789Z",
  annotations: { a: "b" },
};
const spec = {
  ociVersion: "1.0.2",
  process: {
    args: ["sh", "-c", "echo <&>"],
    apparmorProfile: "crio-default",
    selinuxLabel: "u:r:t:s0:c1,c2",
  },
  mounts: [
    { destination: "/etc/hosts", type: "bind", source: "/under", options: ["ro"] },
    { destination: "/etc/resolv.conf", type: "bind", source: "/run/resolv.conf", options: ["ro", "bind"] },
    { destination: "/etc/hostname", source: "/run/hostname" },
    { destination: "/etc/hosts", type: "bind", source: "/over" },
  ],
  linux: {
    mountLabel: "system_u:object_r:c1",
    cgroupsPath: "/pods/crio-x",
    uidMappings: [
      { hostID: 200000, size: 65536 },
      { containerID: 70000, hostID: 1000, size: 1 },
    ],
    gidMappings: [{ containerID: 0, hostID: 300000, size: 65536 }],
  },
};

interface Fixture extends TestServer {
  directory: string;
  /** Writes a file of the container that outlives a reboot. */
  write: (name: string, content: unknown) => void;
}

async function fixture({
  image = busybox,
  answers = [running],
}: { image?: TestImage; answers?: readonly RuntimeAnswer[] } = {}): Promise<Fixture> {
  const layers = [
    { id: testId("base"), record: { "diff-size": 1000, "diff-digest": "sha256:1" } },
    { id: layer, parent: testId("base"), lower: [testId("base")], files: { f: "12345", "sub/g": "678" } },
  ];
  const directory = testdir({ ...storeTree([pod], [run]), ...imageTree([image], layers) });
  const file = join(directory, `root/overlay-containers/${run.id}/userdata/config.json`);
  const { annotations } = JSON.parse(readFileSync(file, "utf8")) as { annotations: object };
  writeFileSync(file, JSON.stringify({ ...spec, annotations }));
  const made = testServer(directory, { runtimes: runtimeScript(directory, answers) });
  await made.server.updateRecords();
  const write = (name: string, content: unknown): void => {
    writeFileSync(join(file, "..", name), typeof content === "string" ? content : JSON.stringify(content));
  };
  return { ...made, directory, write };
}

test("is everything of a container, with the keys of kpod 1.0 in its order", async () => {
  const { server, logger, directory, write } = await fixture();
  const mounted = join(directory, "root/overlay", layer, "merged");
  mkdirSync(join(directory, "runroot/overlay-layers"), { recursive: true });
  const mountpoints = [{ id: layer, path: mounted, count: 1 }];
  writeFileSync(join(directory, "runroot/overlay-layers/mountpoints.json"), JSON.stringify(mountpoints));
  write("state.json", { started: "2023-11-14T22:13:23Z", created: "2023-11-14T22:13:20Z" });
  const data = await server.getContainerData(run.id, false);
  const overlay = join(directory, "root/overlay");
  const expected = {
    ID: run.id,
    Name: "k8s_run_web_shop_u1_2",
    LogPath: "/var/log/pods/web/run.log",
    Labels: { tier: "front" },
    Annotations: { "example.com/owner": "<a&b>" },
    State: {
      ociVersion: "1.0.2",
      id: run.id,
      status: "running",
      pid: process.pid,
      bundle: "/bundle",
      annotations: { a: "b" },
      created: "2023-11-14T22:13:22.123Z",
      started: "2023-11-14T22:13:23.000Z",
      finished: "0001-01-01T00:00:00Z",
      exitCode: 0,
      oomKilled: false,
      error: "",
      checkpointedAt: "0001-01-01T00:00:00Z",
    },
    Metadata: { name: "run", attempt: 2 },
    BundlePath: join(directory, "runroot/overlay-containers", run.id, "userdata"),
    StopSignal: "QUIT",
    Image: "localhost/busybox:latest",
    ImageID: busybox.id,
    Mountpoint: mounted,
    MountLabel: "system_u:object_r:c1",
    Mounts: [
      { destination: "/etc/hosts", type: "bind", source: "/under", options: ["ro"] },
      { destination: "/etc/resolv.conf", type: "bind", source: "/run/resolv.conf", options: ["ro", "bind"] },
      { destination: "/etc/hostname", type: "", source: "/run/hostname", options: [] },
      { destination: "/etc/hosts", type: "bind", source: "/over", options: [] },
    ],
    AppArmorProfile: "crio-default",
    ImageAnnotations: { built: "by hand" },
    CreatedBy: "COPY . /",
    Config: {
      ExposedPorts: { "80/tcp": {} },
      Env: ["PATH=/bin", "TERM=xterm"],
      Entrypoint: [],
      Cmd: ["sh"],
      Volumes: {},
      WorkingDir: "/srv",
      Labels: { a: "b" },
      StopSignal: "SIGQUIT",
    },
    Args: ["sh", "-c", "echo <&>"],
    ResolvConfPath: "/run/resolv.conf",
    HostnamePath: "/run/hostname",
    HostsPath: "/over",
    GraphDriver: {
      Name: "overlay",
      Data: {
        LowerDir: join(overlay, testId("base"), "diff"),
        MergedDir: mounted,
        UpperDir: join(overlay, layer, "diff"),
        WorkDir: join(overlay, layer, "work"),
      },
    },
    PodID: pod.id,
    PodName: "web",
    PodNamespace: "shop",
    CgroupPath: "/pods/crio-x",
    IPs: ["10.1.2.3"],
    Pid: process.pid,
    ProcessLabel: "u:r:t:s0:c1,c2",
    // No result of CNI was persisted: the address is all that is known.
    Networks: [
      {
        Name: "",
        Interface: "eth0",
        MAC: "",
        IPs: ["10.1.2.3/16"],
        Gateways: [],
        Routes: [],
        DNS: { Nameservers: [], Domain: "", Search: [], Options: [] },
      },
    ],
    PortMappings: [],
    IDMappings: { UidMap: ["0:200000:65536", "70000:1000:1"], GidMap: ["0:300000:65536"] },
  };
  // As text, so that the order of the keys counts.
  expect(JSON.stringify(data, undefined, 1)).toBe(JSON.stringify(expected, undefined, 1));
  expect(logger.warnings).toEqual([]);
});

test("is collected without writing anything", async () => {
  const { server, directory } = await fixture();
  const before = listing(directory);
  await server.getContainerData("run", true);
  expect(listing(directory)).toEqual(before);
});

test("with sizes has them before the arguments", async () => {
  const { server } = await fixture();
  const data = await server.getContainerData("shop/web/run", true);
  expect([data.SizeRw, data.SizeRootFs]).toEqual([8, 1000]);
  const keys = Object.keys(data);
  expect(keys.slice(keys.indexOf("Config"), keys.indexOf("Args") + 1)).toEqual([
    "Config",
    "SizeRw",
    "SizeRootFs",
    "Args",
  ]);
});

test("of an ended container tells how it ended", async () => {
  const { server, write } = await fixture({ answers: [] });
  write("state.json", {
    status: "stopped",
    started: "2023-11-14T22:13:23Z",
    exitCode: 137,
    oomKilled: true,
    initPid: 1,
    finished: "2023-11-14T23:00:00.5Z",
    error: "killed",
  });
  const { State, Pid, CgroupPath, Mountpoint } = await server.getContainerData("run", false);
  expect(State).toMatchObject({
    status: "stopped",
    pid: 0,
    exitCode: 137,
    oomKilled: true,
    error: "killed",
    finished: "2023-11-14T23:00:00.500Z",
    created: "0001-01-01T00:00:00Z",
  });
  expect([Pid, CgroupPath, Mountpoint]).toEqual([0, "/pods/crio-x", ""]);
});

test("has the state of now, asked again each time", async () => {
  const { server, directory } = await fixture();
  expect((await server.getContainerData("run", false)).State.status).toBe("running");
  writeFileSync(
    join(directory, "runtime", run.id, "answer.json"),
    JSON.stringify({ ...running, status: "paused" }),
  );
  expect((await server.getContainerData("run", false)).State.status).toBe("paused");
});

test("of a container whose spec is gone has what is known without, with one warning", async () => {
  const { server, logger, directory } = await fixture();
  const path = join(directory, `root/overlay-containers/${run.id}/userdata/config.json`);
  rmSync(path);
  const data = await server.getContainerData("run", false);
  expect(data).toMatchObject({
    ID: run.id,
    LogPath: "",
    Labels: {},
    Annotations: {},
    Mounts: [],
    Args: [],
    StopSignal: "TERM",
    HostsPath: "",
    CgroupPath: "",
    CreatedBy: "COPY . /",
    IPs: ["10.1.2.3"],
    PodName: "web",
  });
  expect(logger.warnings).toEqual([
    `container ${run.id.slice(0, 13)} (k8s_run_web_shop_u1_2): ${path} is missing`,
  ]);
});

test("of a container whose spec names no log has CRI-O's own place for it", async () => {
  const { server, directory, write } = await fixture();
  write("config.json", spec);
  await server.updateRecords();
  const { LogPath } = await server.getContainerData("run", false);
  expect(LogPath).toBe(join(directory, "logs", pod.id, `${run.id}.log`));
});

test("of a container with a spec of nonsense does not stumble", async () => {
  const { server, write } = await fixture();
  write("config.json", {
    process: { args: [1, "sh", null], apparmorProfile: 7, selinuxLabel: 7 },
    mounts: "none",
    linux: {
      cgroupsPath: {},
      mountLabel: [],
      uidMappings: [7, { containerID: {}, size: 1 }],
      gidMappings: 0,
    },
    annotations: { [cri("Labels")]: "{", n: 1 },
  });
  await server.updateRecords();
  const data = await server.getContainerData("run", false);
  expect(data).toMatchObject({
    Args: ["sh"],
    AppArmorProfile: "",
    Mounts: [],
    MountLabel: "",
    ProcessLabel: "",
    CgroupPath: "",
    Labels: {},
    IDMappings: { UidMap: [], GidMap: [] },
  });
});

test.each<[string, Partial<TestImage>, RegExp]>([
  ["gone", { id: testId("other") }, /its image [0-9a-f]{13} is not in the store$/],
  ["without its manifest", { manifest: null }, /cannot read manifest of image [0-9a-f]{13}: it is missing$/],
  ["with a broken configuration", { config: "{" }, /does not hold valid JSON/],
  ["of schema 1", { manifest: { schemaVersion: 1, history: [] } }, /a manifest without a configuration$/],
])("of a container whose image is %s has all the rest, with a warning", async (_, change, warning) => {
  const { server, logger } = await fixture({ image: { ...busybox, ...change } });
  const data = await server.getContainerData("run", false);
  expect(data).toMatchObject({
    ImageAnnotations: {},
    CreatedBy: "",
    Config: { Env: [], Cmd: [], Labels: {}, StopSignal: "" },
    ImageID: testId("busybox"),
    Args: ["sh", "-c", "echo <&>"],
  });
  expect(logger.warnings).toEqual([expect.stringMatching(warning)]);
});

test("a runtime that cannot be asked leaves the state unknown", async () => {
  const { server, directory, logger } = await fixture();
  writeFileSync(join(directory, "runtime-script"), "#!/bin/sh\necho no cgroups >&2; exit 1\n");
  const { State } = await server.getContainerData("run", false);
  expect([State.status, State.pid]).toEqual(["unknown", 0]);
  expect(logger.warnings).toEqual([expect.stringContaining("no cgroups")]);
});

test("sizes follow the hard links and survive nothing but what is there", async () => {
  const { server, directory } = await fixture();
  const diff = join(directory, "root/overlay", layer, "diff");
  linkSync(join(diff, "f"), join(diff, "link"));
  expect(await server.getContainerRwSize(run.id)).toBe(8);
  expect(await server.getContainerRootFsSize("k8s_run_web_shop_u1_2")).toBe(1000);
  expect(await server.getContainerTopLayerId(run.id.slice(0, 5))).toBe(layer);
  rmSync(join(directory, "root/overlay", layer), { recursive: true });
  const error = await failureOf(server.getContainerData("run", true));
  expect([error.code, error.message]).toEqual(["NOT_FOUND", `cannot measure ${diff}: it does not exist`]);
  expect((await server.getContainerData("run", false)).GraphDriver.Data.LowerDir).toBe("");
});

test("the record of a container is found by id, name and prefix; of none and of several it is an error", async () => {
  const { server } = await fixture();
  for (const name of [run.id, run.id.slice(0, 6), "k8s_run_web_shop_u1_2"]) {
    expect((await server.getStorageContainer(name)).layer).toBe(layer);
  }
  // The store knows no pods: their infra containers are containers like all others.
  expect((await server.getStorageContainer("k8s_web_shop_u1_0")).id).toBe(pod.id);
  expect((await failureOf(server.getStorageContainer("run"))).code).toBe("NOT_FOUND");
});

test("a container that nobody looked at has an unknown state", async () => {
  const { server } = await fixture();
  const state = server.state(server.lookupContainer("run"));
  expect(state).toMatchObject({ id: run.id, status: "unknown", pid: 0, started: "0001-01-01T00:00:00Z" });
});
