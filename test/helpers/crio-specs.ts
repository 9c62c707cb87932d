import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Spec, SpecMount } from "../../src/lib/oci/spec";

/** A spec that CRI-O wrote, and where it comes from. */
export interface CrioSpec {
  readonly version: string;
  readonly kind: "container" | "infra";
  readonly spec: Spec;
}

const capturedFiles: readonly (readonly [string, CrioSpec["kind"], string])[] = [
  ["1.0.0", "container", "v1.0.0/LABELS/root-userdata/config.json"],
  ["1.0.0", "infra", "v1.0.0/POD1/root-userdata/config.json"],
  ["1.26.4", "container", "v1.26.4/C1-config.json"],
  ["1.26.4", "infra", "v1.26.4/P1-config.json"],
  ["1.36.3", "container", "v1.36.3/ctr-running-runc/root-userdata/config.json"],
  ["1.36.3", "infra", "v1.36.3/infra-real-crun/root-userdata/config.json"],
];

/** The specs of unprivileged containers that were captured on real nodes; none where their directory is not given. */
export function capturedSpecs(): CrioSpec[] {
  const data = process.env.KPOD_CRIO_DATA ?? "";
  if (data === "" || !readdirSync(data).includes("v1.36.3")) return [];
  return capturedFiles.map(([version, kind, file]) => ({
    version,
    kind,
    spec: JSON.parse(readFileSync(join(data, file), "utf8")) as Spec,
  }));
}

const usualCapabilities = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_KILL",
];

function specOf136(kind: CrioSpec["kind"]): Spec {
  const infra = kind === "infra";
  const confined = ["nosuid", "noexec", "nodev"];
  const run = `/run/containers/storage/overlay-containers/${"a".repeat(64)}/userdata`;
  const bind = (destination: string, file: string, ...options: string[]): SpecMount => ({
    destination,
    type: "bind",
    source: join(run, file),
    options: [...options, "bind"],
  });
  const cgroup = [...confined, "relatime", "ro"];
  const ofContainers: SpecMount[] = [
    { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: cgroup },
    bind("/run/.containerenv", ".containerenv", "rw"),
  ];
  const access = infra ? "ro" : "rw";
  return {
    ociVersion: "1.3.0",
    process: {
      user: { uid: 0, gid: 0, ...(infra ? {} : { additionalGids: [0] }) },
      args: ["/pause"],
      cwd: "/",
      capabilities: {
        bounding: usualCapabilities,
        effective: usualCapabilities,
        permitted: usualCapabilities,
      },
      oomScoreAdj: infra ? -998 : 0,
    },
    root: { path: "/", ...(infra ? { readonly: true } : {}) },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc", options: confined },
      {
        destination: "/dev",
        type: "tmpfs",
        source: "tmpfs",
        options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
      },
      {
        destination: "/dev/pts",
        type: "devpts",
        source: "devpts",
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
      },
      { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: confined },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: [...confined, "ro"] },
      ...(infra ? [] : ofContainers),
      bind("/dev/shm", "shm", "rw"),
      bind("/etc/resolv.conf", "resolv.conf", access, ...confined),
      bind("/etc/hostname", "hostname", access, ...(infra ? confined : [])),
    ],
    linux: {
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        ...(infra ? { cpu: { shares: 2 } } : { pids: { limit: -1 } }),
      },
      namespaces: [
        { type: "pid" },
        ...(["network", "ipc", "uts"] as const).map((type) => ({ type, path: `/var/run/${type}ns/x` })),
        { type: "mount" },
      ],
      seccomp: {
        defaultAction: "SCMP_ACT_ERRNO",
        defaultErrnoRet: 38,
        architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        syscalls: [],
      },
    },
  };
}

/** What CRI-O 1.36 writes for an unprivileged container under its own profile, and for its pod. */
export const ownSpecs: readonly CrioSpec[] = (["container", "infra"] as const).map((kind) => ({
  version: "1.36",
  kind,
  spec: specOf136(kind),
}));

/** What of a spec is a matter of the request and the node: taken out of the comparison on both sides. */
const ofTheRequest = [
  /^(annotations|hooks)(\.|$)/,
  /^(hostname|root\.path|linux\.cgroupsPath)$/,
  /^process\.(args|cwd|env)$/,
  /^mounts\[\/(data|vol-r[ow]|dev\/termination-log)\]/,
  // Of the captured requests.
  /^linux\.resources\.(memory\..*|cpu\.(quota|period))$/,
];

/**
 * The keys of a spec with their values, one line each: mounts by where they lead, namespaces by their kind. Paths of the
 * node are reduced to what they are.
 */
export function keysOf(spec: Spec): Map<string, string> {
  const found = new Map<string, string>();
  const add = (path: string, value: unknown): void => {
    if (ofTheRequest.some((pattern) => pattern.test(path))) return;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) add(path === "" ? key : `${path}.${key}`, inner);
    } else {
      found.set(path, JSON.stringify(value));
    }
  };
  const { mounts = [], linux = {}, ...rest } = spec;
  const { namespaces = [], ...linuxRest } = linux;
  add("", { ...rest, linux: linuxRest });
  for (const { destination, options = [], ...mount } of mounts) {
    add(`mounts[${destination}]`, { ...mount, source: sourceOf(mount.source), options: [...options].sort() });
  }
  for (const { type, path } of namespaces)
    add(`linux.namespaces[${type}]`, path === undefined ? "own" : "the pod's");
  return found;
}

function sourceOf(source = ""): string {
  return source.replace(/^\/.*\/overlay-containers\/[0-9a-f]{64}\//, "");
}

/** The keys that differ, with both values: CRI-O's, then kpod's. */
export function differences(theirs: Spec, ours: Spec): Map<string, string> {
  const [before, after] = [keysOf(theirs), keysOf(ours)];
  const keys = [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => before.get(key) !== after.get(key),
  );
  return new Map(keys.sort().map((key) => [key, `${before.get(key) ?? "-"} | ${after.get(key) ?? "-"}`]));
}
