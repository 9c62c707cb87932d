import { readFileSync } from "node:fs";
import type {
  CapabilitySet,
  IdMappings,
  Spec,
  SpecDevice,
  SpecMount,
  SpecNamespace,
  SpecProcess,
  SpecResources,
} from "../oci/spec";
import type { SelinuxLabels } from "../storage/store";
import type { Confinement } from "./confinement";
import type { ContainerDevice } from "./devices";

/** The version of the specification that kpod writes: the newest that the runtimes of old nodes accept too. */
export const ociVersion = "1.0.2";

/** The environment that every container gets before its image's and the user's. */
export const basicEnvironment = [
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "TERM=xterm",
];

/** What differs from one new container to the next. */
export interface SpecParts {
  process: Pick<SpecProcess, "terminal" | "user" | "args" | "env" | "cwd"> & { oomScoreAdj?: number };
  rootPath: string;
  rootReadonly: boolean;
  hostname: string;
  /** Mounts beyond those that every container has. */
  mounts: readonly SpecMount[];
  annotations: Readonly<Record<string, string>>;
  cgroupsPath: string;
  namespaces: readonly SpecNamespace[];
  labels: SelinuxLabels;
  hooks?: NonNullable<Spec["hooks"]>;
  /** Devices beyond those that the runtime gives every container. */
  devices?: readonly ContainerDevice[];
  /** Weight of the processor, and which; undefined for the kernel's. */
  cpu?: NonNullable<SpecResources["cpu"]>;
  /** The most processes; none for an infra container, 0 and less for no limit. */
  pidsLimit?: number;
  /** Limits of its cgroup, over those before. */
  limits?: SpecResources;
  /** What of later mounts on the node its root shares; undefined for the runtime's usual. */
  rootPropagation?: "rslave" | "rshared" | undefined;
  /** Of the pod's user namespace. */
  idMappings?: IdMappings | undefined;
  /** Settings of the pod's namespaces. */
  sysctls?: Readonly<Record<string, string>>;
}

/** Builds the spec of a new container, confined as CRI-O confines one. */
export function buildSpec(
  confinement: Pick<
    Confinement,
    | "capabilities"
    | "inheritableCapabilities"
    | "rlimits"
    | "seccomp"
    | "apparmor"
    | "privileged"
    | "noNewPrivileges"
    | "everyDevice"
  >,
  parts: SpecParts,
): Spec {
  const { labels, devices = [], sysctls = {}, cpu, pidsLimit = 0, limits = {}, idMappings } = parts;
  const { seccomp, apparmor, rlimits, inheritableCapabilities, privileged, everyDevice } = confinement;
  const pids = limits.pids ?? { limit: pidsLimit };
  const capabilities = [...confinement.capabilities];
  const sets: Partial<Record<CapabilitySet, string[]>> = {
    bounding: capabilities,
    effective: capabilities,
    permitted: capabilities,
    ...(inheritableCapabilities ? { inheritable: capabilities } : {}),
  };
  return {
    ociVersion,
    process: {
      ...parts.process,
      capabilities: sets,
      ...(rlimits.length === 0 ? {} : { rlimits: [...rlimits] }),
      ...(confinement.noNewPrivileges ? { noNewPrivileges: true } : {}),
      ...(apparmor === undefined ? {} : { apparmorProfile: apparmor }),
      ...(labels.process === "" ? {} : { selinuxLabel: labels.process }),
    },
    root: { path: parts.rootPath, ...(parts.rootReadonly ? { readonly: true } : {}) },
    hostname: parts.hostname,
    mounts: [...basicMounts(privileged), ...parts.mounts],
    ...(parts.hooks === undefined || Object.keys(parts.hooks).length === 0 ? {} : { hooks: parts.hooks }),
    annotations: { ...parts.annotations },
    linux: {
      ...(Object.keys(sysctls).length === 0 ? {} : { sysctl: { ...sysctls } }),
      resources: {
        devices: everyDevice
          ? [{ allow: true, access: "rwm" }]
          : [
              { allow: false, access: "rwm" },
              ...devices.map(({ type, major, minor, access }) => ({
                allow: true,
                type,
                major,
                minor,
                access,
              })),
            ],
        ...(limits.memory === undefined ? {} : { memory: limits.memory }),
        ...(cpu === undefined && limits.cpu === undefined ? {} : { cpu: { ...cpu, ...limits.cpu } }),
        ...(pids.limit > 0 ? { pids } : {}),
      },
      cgroupsPath: parts.cgroupsPath,
      namespaces: [...parts.namespaces],
      ...(idMappings === undefined
        ? {}
        : { uidMappings: [...idMappings.uids], gidMappings: [...idMappings.gids] }),
      ...(devices.length === 0 ? {} : { devices: devices.map(nodeOf) }),
      ...(seccomp === undefined ? {} : { seccomp }),
      ...(labels.mount === "" ? {} : { mountLabel: labels.mount }),
      ...(parts.rootPropagation === undefined ? {} : { rootfsPropagation: parts.rootPropagation }),
      ...(privileged ? {} : { maskedPaths: [...maskedPaths], readonlyPaths: [...readonlyPaths] }),
    },
  };
}

function nodeOf({ path, type, major, minor, fileMode, uid, gid }: ContainerDevice): SpecDevice {
  return {
    path,
    type,
    major,
    minor,
    ...(fileMode === undefined ? {} : { fileMode }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  };
}

/** What of the node a container does not see: the kubelet asks CRI-O for it, who has no list of its own. */
const maskedPaths = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

/** What it sees and cannot change. */
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

const confined = ["nosuid", "noexec", "nodev"];

function basicMounts(privileged: boolean): SpecMount[] {
  return [
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
    { destination: "/sys", type: "sysfs", source: "sysfs", options: [...confined, privileged ? "rw" : "ro"] },
  ];
}

/** By which a container sees its own limits; an infra container needs none. */
export function cgroupMount(access: "ro" | "rw"): SpecMount {
  return {
    destination: "/sys/fs/cgroup",
    type: "cgroup",
    source: "cgroup",
    options: [...confined, "relatime", access],
  };
}

/** Where a container whose root is read-only can write. What the image has there is copied up. */
export const writableMounts: readonly SpecMount[] = [
  ["/run", "0755"] as const,
  ["/tmp", "1777"] as const,
  ["/var/tmp", "1777"] as const,
].map(([destination, mode]) => ({
  destination,
  type: "tmpfs",
  source: "tmpfs",
  options: ["rw", "noexec", "nosuid", "nodev", "tmpcopyup", `mode=${mode}`],
}));

const CAP_SYS_RESOURCE = 24n;

/**
 * The oom_score_adj to ask for: the wanted one, or where this process may not lower its own (it lacks
 * CAP_SYS_RESOURCE, as inside of some machines and containers) at least its own, since the runtime would fail.
 */
export function permittedOomScore(wanted: number): number {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  if ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) % 2n === 1n) return wanted;
  return Math.max(wanted, Number(readFileSync("/proc/self/oom_score_adj", "utf8")));
}
