import type { Config } from "../config";
import type { CapabilitySet, Spec, SpecMount, SpecNamespace, SpecProcess } from "../oci/spec";
import { appArmorProfile } from "./apparmor";
import { readSeccompProfile } from "./seccomp";

/** The version of the specification that kpod writes: the newest that the runtimes of old nodes accept too. */
const ociVersion = "1.0.2";

/** What CRI-O 1.36 grants a container. */
const capabilities = [
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

/** The environment that every container gets before its image's and the user's. */
export const basicEnvironment = [
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "TERM=xterm",
];

/** What differs from one new container to the next. */
export interface SpecParts {
  process: Pick<SpecProcess, "user" | "args" | "env" | "cwd"> & { oomScoreAdj?: number };
  rootPath: string;
  rootReadonly: boolean;
  hostname: string;
  /** Mounts beyond those that every container has. */
  mounts: readonly SpecMount[];
  annotations: Readonly<Record<string, string>>;
  cgroupsPath: string;
  namespaces: readonly SpecNamespace[];
  hooks?: NonNullable<Spec["hooks"]>;
  /** Weight of the processor; undefined for the kernel's. */
  cpuShares?: number;
}

/** Builds the spec of a new container, confined as CRI-O confines it. @throws KpodError BAD_CONFIG */
export function buildSpec(
  config: Pick<Config, "seccompProfile" | "apparmorProfile" | "pidsLimit">,
  parts: SpecParts,
): Spec {
  const sets: Partial<Record<CapabilitySet, string[]>> = {
    bounding: capabilities,
    effective: capabilities,
    permitted: capabilities,
  };
  const seccomp = readSeccompProfile(config.seccompProfile, capabilities);
  const apparmor = appArmorProfile(config.apparmorProfile);
  return {
    ociVersion,
    process: {
      ...parts.process,
      capabilities: sets,
      noNewPrivileges: false,
      ...(apparmor === undefined ? {} : { apparmorProfile: apparmor }),
    },
    root: { path: parts.rootPath, ...(parts.rootReadonly ? { readonly: true } : {}) },
    hostname: parts.hostname,
    mounts: [...basicMounts(), ...parts.mounts],
    ...(parts.hooks === undefined || Object.keys(parts.hooks).length === 0 ? {} : { hooks: parts.hooks }),
    annotations: { ...parts.annotations },
    linux: {
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        ...(parts.cpuShares === undefined ? {} : { cpu: { shares: parts.cpuShares } }),
        ...(config.pidsLimit > 0 ? { pids: { limit: config.pidsLimit } } : {}),
      },
      cgroupsPath: parts.cgroupsPath,
      namespaces: [...parts.namespaces],
      ...(seccomp === undefined ? {} : { seccomp }),
      maskedPaths: [
        "/proc/acpi",
        "/proc/asound",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/sys/firmware",
      ],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

function basicMounts(): SpecMount[] {
  const confined = ["nosuid", "noexec", "nodev"];
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
    { destination: "/sys", type: "sysfs", source: "sysfs", options: [...confined, "ro"] },
    {
      destination: "/sys/fs/cgroup",
      type: "cgroup",
      source: "cgroup",
      options: [...confined, "relatime", "ro"],
    },
  ];
}
