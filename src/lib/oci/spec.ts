import { isRecord } from "../system/files";

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

/** What stands for no limit among the limits of a process: one more than RLIM_INFINITY, which JavaScript cannot count. */
export const unlimited = 2 ** 64;

/** A spec as CRI-O writes it, indented by tabs. */
export function formatSpec(spec: Spec): string {
  // Quotes within a text are escaped, so that only keys look like this.
  return JSON.stringify(spec, undefined, "\t").replace(
    /("(?:hard|soft)": )18446744073709552000\b/g,
    "$118446744073709551615",
  );
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

/** True for a mount of a path of the node: not every spec says so by the type. */
export function isBindMount({
  type,
  options = [],
}: {
  readonly type?: string;
  readonly options?: readonly string[];
}): boolean {
  return type === "bind" || options.includes("bind") || options.includes("rbind");
}

/** A namespace: a new one, or with a path an existing one. */
export interface SpecNamespace {
  type: "pid" | "network" | "ipc" | "uts" | "mount" | "user" | "cgroup";
  path?: string;
}

/** A range of users or groups of a user namespace, and who they are on the node; 0 where a number is left out. */
export interface SpecIdMapping {
  containerID?: number;
  hostID?: number;
  size: number;
}

/** How the users and groups of a user namespace are called on the node, of which a spec tells; none for the node's own. */
export interface IdMappings {
  readonly uids: readonly SpecIdMapping[];
  readonly gids: readonly SpecIdMapping[];
}

/** Reads a list of mappings of a spec; none of what is no list. */
export function mappingsIn(value: unknown): Required<SpecIdMapping>[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map(({ containerID = 0, hostID = 0, size }) => ({
    containerID: Number(containerID),
    hostID: Number(hostID),
    size: Number(size),
  }));
}

/** What of the spec is for Linux alone. */
export interface SpecLinux {
  namespaces?: SpecNamespace[];
  uidMappings?: SpecIdMapping[];
  gidMappings?: SpecIdMapping[];
  cgroupsPath?: string;
  sysctl?: Record<string, string>;
  devices?: SpecDevice[];
  resources?: SpecResources;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  seccomp?: unknown;
  mountLabel?: string;
  [unknown: string]: unknown;
}

/** A device in the container's /dev. */
export interface SpecDevice {
  path: string;
  type: "b" | "c";
  major: number;
  minor: number;
  fileMode?: number;
  uid?: number;
  gid?: number;
}

/** Limits of the container's cgroup. */
export interface SpecResources {
  devices?: { allow: boolean; access?: string; type?: string; major?: number; minor?: number }[];
  memory?: { limit?: number; swap?: number };
  cpu?: { shares?: number; quota?: number; period?: number; cpus?: string };
  pids?: { limit: number };
  [unknown: string]: unknown;
}
