import { existsSync } from "node:fs";
import { isSince, newestCrio, type CrioAnswer, type CrioVersion } from "./crio-version";
import type { ConfigFields } from "./fields";
import { defaultHooksDirPath, overrideHooksDirPath } from "./runtime-config";

/** Where CRI-O records new containers: as all others, flagged as volatile, or in the volatile files too. */
export type RecordsFile = "stable" | "flagged" | "volatile";

/** What CRI-O does by default, as far as its versions differ. */
export interface CrioDefaults extends Pick<
  ConfigFields,
  | "defaultRuntime"
  | "cgroupManager"
  | "dropInfraCtr"
  | "conmonCgroup"
  | "pidsLimit"
  | "pauseImage"
  | "hooksDir"
> {
  /** Where each runtime keeps its state whose handler does not say; "" for wherever the runtime itself does. */
  runtimeRoot: string;
  records: RecordsFile;
  /** Whether conmon is moved into a cgroup of its own beside the container's; with the manager cgroupfs. */
  movesConmon: boolean;
  /** The slice of conmon's scope with the manager systemd where nothing is configured; "" for the pod's. */
  monitorCgroup: string;
}

/** The fields of the configuration among them. */
export const versionedFields = [
  "defaultRuntime",
  "cgroupManager",
  "dropInfraCtr",
  "conmonCgroup",
  "pidsLimit",
  "pauseImage",
  "hooksDir",
] as const satisfies readonly (keyof CrioDefaults)[];

/** The defaults of 1.0, and what has changed since, and when. The only place that knows. */
const changes: readonly (readonly [CrioVersion, Partial<CrioDefaults>])[] = [
  [
    [1, 0, 0],
    {
      // `runtime` named it.
      defaultRuntime: "",
      runtimeRoot: "",
      cgroupManager: "cgroupfs",
      dropInfraCtr: false,
      conmonCgroup: "",
      pidsLimit: 1024,
      pauseImage: "kubernetes/pause",
      hooksDir: [],
      records: "stable",
      movesConmon: true,
      monitorCgroup: "",
    },
  ],
  [[1, 11, 0], { pauseImage: "k8s.gcr.io/pause:3.1" }],
  [
    [1, 12, 0],
    {
      defaultRuntime: "runc",
      runtimeRoot: "/run/runc",
      hooksDir: [defaultHooksDirPath, overrideHooksDirPath],
    },
  ],
  [
    [1, 18, 0],
    {
      cgroupManager: "systemd",
      conmonCgroup: "system.slice",
      hooksDir: [defaultHooksDirPath],
      pauseImage: "k8s.gcr.io/pause:3.2",
    },
  ],
  [[1, 22, 0], { dropInfraCtr: true, records: "flagged", pauseImage: "k8s.gcr.io/pause:3.5" }],
  // The handler's `monitor_cgroup` took its place.
  [
    [1, 24, 0],
    { conmonCgroup: "", monitorCgroup: "system.slice", pauseImage: "k8s.gcr.io/pause:3.6", pidsLimit: 0 },
  ],
  [[1, 25, 0], { pauseImage: "registry.k8s.io/pause:3.6" }],
  [[1, 25, 3], { records: "volatile" }],
  [[1, 26, 0], { records: "flagged" }],
  [[1, 26, 1], { records: "volatile" }],
  [[1, 27, 0], { pauseImage: "registry.k8s.io/pause:3.9" }],
  [[1, 29, 0], { pidsLimit: -1 }],
  [
    [1, 31, 0],
    { defaultRuntime: "crun", runtimeRoot: "/run/crun", pauseImage: "registry.k8s.io/pause:3.10" },
  ],
  [[1, 34, 0], { movesConmon: false }],
  [[1, 35, 0], { pauseImage: "registry.k8s.io/pause:3.10.1" }],
];

/** The defaults of a version of CRI-O. */
export function crioDefaults(version: CrioVersion): CrioDefaults {
  const made = changes
    .filter(([since]) => isSince(version, since))
    .reduce<Partial<CrioDefaults>>((before, [, change]) => ({ ...before, ...change }), changes[0]?.[1] ?? {});
  // The first change names every value.
  return { ...(made as CrioDefaults), hooksDir: [...(made.hooksDir ?? [])] };
}

/**
 * The defaults in force with an answer. Where no CRI-O is known there may be none: records then go where every
 * program finds them, conmon, which no service holds, gets a cgroup of its own, lest it ends with kpod's, and systemd is
 * asked for no cgroup where it does not run.
 */
export function defaultsInForce(answer: CrioAnswer): CrioDefaults {
  const defaults = crioDefaults(answer.version);
  if (answer.known) return defaults;
  const cgroupManager = existsSync(systemdRuns) ? defaults.cgroupManager : "cgroupfs";
  return { ...defaults, cgroupManager, records: "stable", movesConmon: true };
}

/** There where systemd is the init of the machine, as sd_booted(3) says. */
const systemdRuns = "/run/systemd/system";

/** What tells the version of a crio.conf: keys that are only there since a version, or before one. */
const keyVersions: readonly { keys: readonly string[]; since?: CrioVersion; before?: CrioVersion }[] = [
  { keys: ["file_locking"], before: [1, 16, 0] },
  { keys: ["runtime", "runtime_untrusted_workload"], before: [1, 18, 0] },
  { keys: ["default_runtime", "container_attach_socket_dir", "hooks_dir"], since: [1, 12, 0] },
  { keys: ["log_to_journald"], since: [1, 14, 0] },
  { keys: ["conmon_cgroup"], since: [1, 15, 0] },
  { keys: ["namespaces_dir", "version_file"], since: [1, 18, 0] },
  { keys: ["version_file_persist"], since: [1, 19, 0] },
  { keys: ["drop_infra_ctr"], since: [1, 20, 0] },
  { keys: ["clean_shutdown_file"], since: [1, 21, 0] },
  { keys: ["monitor_path", "monitor_cgroup", "monitor_env"], since: [1, 24, 0] },
  { keys: ["internal_repair", "platform_runtime_paths"], since: [1, 28, 0] },
  { keys: ["imagestore"], since: [1, 29, 0] },
  { keys: ["oci_artifact_mount_support"], since: [1, 33, 0] },
];

/** The versions whose crio.conf has these keys. */
export interface VersionRange {
  readonly since: CrioVersion;
  /** The first version that has not; undefined when the newest has. */
  readonly before: CrioVersion | undefined;
}

/** The versions that know all keys of a crio.conf; those of the known ones that are missing tell nothing. */
export function versionsOfKeys(keys: Iterable<string>): VersionRange {
  let since: CrioVersion = [1, 0, 0];
  let before: CrioVersion | undefined;
  for (const key of keys) {
    for (const known of keyVersions) {
      if (!known.keys.includes(key)) continue;
      if (known.since !== undefined && isSince(known.since, since)) since = known.since;
      if (known.before !== undefined && (before === undefined || isSince(before, known.before))) {
        before = known.before;
      }
    }
  }
  return { since, before };
}

/** The newest version of a range that kpod knows of; a file of two times is taken for one of the later. */
export function newestOf({ since, before }: VersionRange): CrioVersion {
  if (before === undefined || isSince(since, before)) return newestCrio;
  const [major, minor] = before;
  return [major, minor - 1, 0];
}
