import { join } from "node:path";
import { defaultRuntimeHandler } from "../../src/lib/config/runtime-handlers";
import type { Config } from "../../src/lib/config";
import type { ServerOptions } from "../../src/lib/container-server";
import { testServer, type TestServer } from "./server";
import { containerRecord, podRecord, testId, type TestContainer, type TestPod } from "./store-tree";
import { testdir, type Tree } from "./testdir";

/** Versions of CRI-O between which the files of a node changed. */
export const versions = ["1.0", "1.18", "1.26", "1.36"] as const;

export type CrioVersion = (typeof versions)[number];

export const ids = {
  infraPod: testId("infra pod"),
  plainPod: testId("plain pod"),
  runs: testId("runs"),
  paused: testId("paused"),
  failed: testId("failed"),
  oom: testId("oom"),
  created: testId("created"),
  before: testId("before the upgrade"),
};

/** Time that CRI-O persisted for the end of `failed`; its exit file is written by the test, later. */
export const startedAt = "2026-01-02T03:04:05.123456789Z";

const zero = "0001-01-01T00:00:00Z";
const kubernetes = { uid: "5f3d6c1e-uid", namespace: "shop" };

/** 1.0 has one name for a pod's address, later ones number them and keep what the network plugin said. */
function addresses(version: CrioVersion): { pod: Record<string, string>; container: Record<string, string> } {
  if (version === "1.0") {
    const one = { "io.kubernetes.cri-o.IP": "10.1.0.7" };
    return { pod: one, container: one };
  }
  const result = {
    cniVersion: "0.4.0",
    interfaces: [{ name: "eth0", sandbox: "/var/run/netns/x" }],
    ips: [
      { version: "4", interface: 0, address: "10.1.0.7/16" },
      { version: "6", interface: 0, address: "fd00::7/64" },
    ],
  };
  return {
    pod: { "io.kubernetes.cri-o.CNIResult": JSON.stringify(result) },
    container: { "io.kubernetes.cri-o.IP.0": "10.1.0.7", "io.kubernetes.cri-o.IP.1": "fd00::7" },
  };
}

/** The annotations with which a version says that a pod has no process of its own. 1.0 and 1.18 have no such pods. */
const spoofed: Record<CrioVersion, Record<string, string>> = {
  "1.0": {},
  "1.18": {},
  "1.26": { "io.kubernetes.cri-o.Spoofed": "true" },
  "1.36": { "spoofed.crio.io": "true" },
};

function podAnnotations(version: CrioVersion, pod: TestPod, plain: boolean): Record<string, string> {
  const { name, namespace, uid, attempt = 0 } = pod;
  const full = `k8s_${name}_${namespace}_${uid}_${attempt}`;
  return {
    ...(version === "1.0"
      ? { "io.kubernetes.cri-o.TrustedSandbox": "true" }
      : {
          "io.container.manager": "cri-o",
          "io.kubernetes.cri-o.RuntimeHandler": "",
          "io.kubernetes.cri-o.HostNetwork": "false",
          "io.kubernetes.cri-o.PortMappings":
            '[{"HostPort":18080,"ContainerPort":8080,"Protocol":"TCP","HostIP":""}]',
          "io.kubernetes.cri-o.NamespaceOptions": '{"pid":1}',
        }),
    "io.kubernetes.cri-o.Labels": JSON.stringify({ "io.kubernetes.container.name": "POD", tier: "front" }),
    "io.kubernetes.cri-o.Annotations": JSON.stringify({ owner: "dragon" }),
    "io.kubernetes.cri-o.Metadata": JSON.stringify({ name, uid, namespace, attempt }),
    "io.kubernetes.cri-o.Name": full,
    "io.kubernetes.cri-o.SandboxName": full,
    "io.kubernetes.cri-o.ContainerID": pod.id,
    "io.kubernetes.cri-o.SandboxID": pod.id,
    "io.kubernetes.cri-o.ContainerType": "sandbox",
    "io.kubernetes.cri-o.HostName": `${name}-host`,
    ...addresses(version).pod,
    ...(plain ? spoofed[version] : {}),
  };
}

function containerAnnotations(version: CrioVersion, container: TestContainer): Record<string, string> {
  const { name, pod, attempt = 0 } = container;
  return {
    ...(version === "1.0" ? {} : { "io.container.manager": "cri-o" }),
    "io.kubernetes.cri-o.Labels": JSON.stringify({ app: name }),
    "io.kubernetes.cri-o.Annotations": JSON.stringify({ note: name }),
    "io.kubernetes.cri-o.Metadata": JSON.stringify({ name, attempt }),
    "io.kubernetes.cri-o.ContainerID": container.id,
    "io.kubernetes.cri-o.SandboxID": pod.id,
    "io.kubernetes.cri-o.ContainerType": "container",
    "io.kubernetes.cri-o.LogPath": `/var/log/pods/${pod.namespace}_${pod.name}_${pod.uid}/${name}/${attempt}.log`,
    ...(version === "1.36" ? { "platform-runtime-path.crio.io": "" } : {}),
    ...addresses(version).container,
  };
}

function stateFile(version: CrioVersion, status: string, extra: Record<string, unknown> = {}): string {
  const state = {
    ociVersion: "1.0.2",
    id: "",
    status,
    bundle: "",
    created: startedAt,
    started: status === "created" ? zero : startedAt,
    finished: zero,
    ...extra,
    ...(version === "1.26" || version === "1.36" ? { checkpointedTime: zero } : {}),
    ...(version === "1.36" ? { containerMonitorProcess: { pid: 4194000, startTime: "1" } } : {}),
  };
  return `${JSON.stringify(state)}\n`;
}

/** Where conmon writes the code of a container that has ended. */
function exitFile(version: CrioVersion, id: string, code: number): Tree {
  const path = version === "1.0" ? `exits/${id}` : `root/overlay-containers/${id}/userdata/exit`;
  return { [path]: String(code) };
}

/** The only marker of 1.0, and the one of the others that lives through a reboot. */
function oomFile(version: CrioVersion, id: string): Tree {
  const root = version === "1.0" ? "runroot" : "root";
  return { [`${root}/overlay-containers/${id}/userdata/oom`]: "" };
}

/** A program that answers as a runtime does, from files below its root. */
const runtimeProgram = [
  "#!/bin/sh",
  '[ "$3" = list ] && exec cat "$2/list.json"',
  '[ "$3" = state ] && [ -e "$2/$4.json" ] && exec cat "$2/$4.json"',
  'echo "container $4 does not exist" >&2',
  "exit 1",
].join("\n");

/** The files of a node as a version of CRI-O leaves them, with a program for its runtime. */
export function versionTree(version: CrioVersion): Tree {
  const infra: TestPod = { id: ids.infraPod, name: "db", attempt: 2, ...kubernetes };
  const plain: TestPod = { id: ids.plainPod, name: "web", ...kubernetes };
  const container = (id: string, name: string, pod: TestPod, attempt?: number): TestContainer =>
    attempt === undefined ? { id, name, pod } : { id, name, pod, attempt };
  const containers = [
    container(ids.runs, "runs", infra),
    container(ids.paused, "paused", plain),
    container(ids.failed, "failed", plain, 3),
    container(ids.oom, "oom", infra),
    container(ids.created, "created", plain),
  ];
  const old = container(ids.before, "before", plain);
  const modern = version === "1.26" || version === "1.36";
  const userdata = (root: string, id: string, file: string): string =>
    `${root}/overlay-containers/${id}/userdata/${file}`;
  const spec = (annotations: Record<string, string>): string =>
    JSON.stringify({ ociVersion: "1.0.2", annotations }, undefined, "\t");
  const record = (value: Record<string, unknown>, volatile: boolean): Record<string, unknown> => ({
    ...value,
    flags: { MountLabel: "", ProcessLabel: "", ...(volatile ? { Volatile: true } : {}) },
    "of-later-versions": { keep: [1, { me: true }] },
  });
  const written = [...[infra, plain].map(podRecord), ...containers.map(containerRecord)];
  const running = (id: string, status: string): Record<string, unknown> => ({
    ociVersion: "1.0.2",
    id,
    pid: process.pid,
    status,
    bundle: `/run/${id}`,
    created: startedAt,
  });
  const states = [
    running(ids.infraPod, "running"),
    ...(modern ? [] : [running(ids.plainPod, "running")]),
    running(ids.runs, "running"),
    running(ids.paused, "paused"),
    running(ids.created, "created"),
  ];
  const byRoots = (id: string, text: string): Tree => ({
    [userdata("root", id, "config.json")]: text,
    [userdata("runroot", id, "config.json")]: text,
  });
  const lockId = version === "1.0" || version === "1.18" ? "a1".repeat(32) : Buffer.alloc(64, 0xfe);
  return {
    ...Object.fromEntries(
      [
        ...[infra, plain].map((pod) => byRoots(pod.id, spec(podAnnotations(version, pod, pod === plain)))),
        ...[...containers, old].map((entry) => byRoots(entry.id, spec(containerAnnotations(version, entry)))),
      ].flatMap((tree) => Object.entries(tree)),
    ),
    // After an upgrade the old records stay where they were.
    "root/overlay-containers/containers.json": JSON.stringify([
      ...(modern ? [] : written.map((value) => record(value, false))),
      record(containerRecord(old), false),
    ]),
    ...(modern
      ? {
          "root/overlay-containers/volatile-containers.json": JSON.stringify(
            written.map((value) => record(value, true)),
          ),
        }
      : {}),
    "root/overlay-containers/containers.lock": lockId,
    "root/overlay-layers/layers.lock": lockId,
    // A pod without a process has its state in the runroot.
    [userdata(modern ? "runroot" : "root", ids.plainPod, "state.json")]: stateFile(version, ""),
    [userdata("root", ids.infraPod, "state.json")]: stateFile(version, "running"),
    [userdata("root", ids.runs, "state.json")]: stateFile(version, "created"),
    // CRI-O does not note a pause.
    [userdata("root", ids.paused, "state.json")]: stateFile(version, "running"),
    [userdata("root", ids.created, "state.json")]: stateFile(version, "created"),
    [userdata("root", ids.failed, "state.json")]: stateFile(version, "running"),
    [userdata("root", ids.oom, "state.json")]: stateFile(version, "running"),
    [userdata("root", ids.before, "state.json")]: stateFile(version, "stopped", {
      exitCode: 7,
      finished: "2026-01-02T03:05:05Z",
    }),
    ...exitFile(version, ids.failed, 3),
    ...exitFile(version, ids.oom, 137),
    ...oomFile(version, ids.oom),
    "runtime/list.json": JSON.stringify(states),
    ...Object.fromEntries(states.map((state) => [`runtime/${String(state.id)}.json`, JSON.stringify(state)])),
    "bin/runtime": { content: runtimeProgram, mode: 0o755 },
  };
}

/** A node of a version on disk. @returns its directory */
export function versionWorld(version: CrioVersion, further: Tree = {}): string {
  return testdir({ ...versionTree(version), ...further });
}

/** A server for such a node. */
export function versionServer(
  directory: string,
  fields: Partial<Config> = {},
  options: ServerOptions = {},
): TestServer {
  const handler = { runtimePath: join(directory, "bin/runtime"), runtimeRoot: join(directory, "runtime") };
  const runtimes = { runc: { ...defaultRuntimeHandler(), ...handler } };
  return testServer(directory, { runtimes, ...fields }, options);
}
