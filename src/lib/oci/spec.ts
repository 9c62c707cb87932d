/**
 * The parts of the OCI runtime specification (config.json) that kpod reads or writes. Keys stand as in the
 * file; unknown ones are kept wherever a spec is changed.
 */
export interface Spec {
  ociVersion: string;
  process?: SpecProcess;
  root?: { path: string; readonly?: boolean };
  hostname?: string;
  mounts?: SpecMount[];
  hooks?: Partial<Record<HookStage, SpecHook[]>>;
  annotations?: Record<string, string>;
  linux?: SpecLinux;
  [unknown: string]: unknown;
}

/** When a hook runs. */
export type HookStage = "prestart" | "poststart" | "poststop";

/** A program that the runtime calls. */
export interface SpecHook {
  path: string;
  args?: string[];
  env?: string[];
  timeout?: number;
}

/** What runs in the container, and as whom. */
export interface SpecProcess {
  terminal?: boolean;
  user: { uid: number; gid: number; additionalGids?: number[] };
  args: string[];
  env?: string[];
  cwd: string;
  capabilities?: Partial<Record<CapabilitySet, string[]>>;
  rlimits?: { type: string; hard: number; soft: number }[];
  noNewPrivileges?: boolean;
  apparmorProfile?: string;
  selinuxLabel?: string;
  oomScoreAdj?: number;
  [unknown: string]: unknown;
}

/** The sets of capabilities of a process. */
export type CapabilitySet = "bounding" | "effective" | "permitted" | "inheritable" | "ambient";

/** A mount inside the container. */
export interface SpecMount {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
}

/** A namespace: a new one, or with a path an existing one. */
export interface SpecNamespace {
  type: "pid" | "network" | "ipc" | "uts" | "mount" | "user" | "cgroup";
  path?: string;
}

/** What of the spec is for Linux alone. */
export interface SpecLinux {
  namespaces?: SpecNamespace[];
  cgroupsPath?: string;
  resources?: SpecResources;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  seccomp?: unknown;
  mountLabel?: string;
  [unknown: string]: unknown;
}

/** Limits of the container's cgroup. */
export interface SpecResources {
  devices?: { allow: boolean; access?: string; type?: string; major?: number; minor?: number }[];
  memory?: { limit?: number; swap?: number };
  cpu?: { shares?: number; quota?: number; period?: number };
  pids?: { limit: number };
  [unknown: string]: unknown;
}
