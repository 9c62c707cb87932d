import {
  boolean,
  integer,
  oneOf,
  path,
  size,
  stringKind,
  text,
  texts,
  type ConfigKeys,
  type SourcesOf,
} from "./keys";
import type { RuntimeHandler } from "./runtime-handlers";

/** Most processes in a container, when nothing else is configured. `DefaultPidsLimit` of libkpod. */
export const defaultPidsLimit = 1024;

/** No limit to the size of a log, when nothing else is configured. `DefaultLogSizeMax` of libkpod. */
export const defaultLogSizeMax = -1;

/** Where packages put the configurations of hooks. `DefaultHooksDirPath` of libkpod. */
export const defaultHooksDirPath = "/usr/share/containers/oci/hooks.d";

/** Where an administrator puts those that replace them. `OverrideHooksDirPath` of libkpod. */
export const overrideHooksDirPath = "/etc/containers/oci/hooks.d";

/** Whether containers whose pod does not say so are trusted. */
export type WorkloadTrust = "trusted" | "untrusted";

/** Who makes the cgroups of containers: the runtime itself, or systemd on its behalf. */
export type CgroupManager = "cgroupfs" | "systemd";

/** A hook as the file that configures it describes it. `HookParams` of libkpod. */
export interface HookParams {
  /** Path of the program. */
  hook: string;
  /** When it runs: `prestart`, `poststart`, `poststop`. */
  stage: string[];
  /** Patterns: it runs for containers whose command fits one of them. */
  cmds: string[];
  /** Patterns: it runs for containers with an annotation that fits one of them. */
  annotations: string[];
  /** Whether it runs for containers with bind mounts of their own. */
  hasBindMounts: boolean;
}

/** What runs containers, and how: the table `[crio.runtime]`. `RuntimeConfig` of libkpod. */
export interface RuntimeConfig {
  /**
   * Path of the OCI runtime for trusted containers, and for the others when there is no second one
   * (`runtime`). CRI-O gave it up for `default_runtime` and `runtimes`, which go before it where they are set.
   */
  runtime: string;
  /** Path of the OCI runtime for untrusted containers, "" for the same one (`runtime_untrusted_workload`). */
  runtimeUntrustedWorkload: string;
  /**
   * What a container is taken for whose pod does not say whether it is trusted (`default_workload_trust`).
   * Privileged containers always run under the trusted runtime. With `untrusted` all others run under
   * `runtimeUntrustedWorkload`; with `trusted` only those whose pod says that it is not to be trusted.
   */
  defaultWorkloadTrust: WorkloadTrust;
  /** Tells the runtime to move the root file system into place instead of pivoting to it (`no_pivot`). */
  noPivot: boolean;
  /** Path of conmon, which watches over a container (`conmon`). A handler's `monitorPath` goes before it. */
  conmon: string;
  /** Environment of conmon, `NAME=value` each (`conmon_env`). */
  conmonEnv: string[];
  /** Cgroup for conmon: "" for that of the pod's parent, `pod`, or a slice (`conmon_cgroup`). */
  conmonCgroup: string;
  /** Whether SELinux keeps pods apart (`selinux`). */
  selinux: boolean;
  /** Path of the seccomp profile of containers that bring none (`seccomp_profile`). */
  seccompProfile: string;
  /** Name of the AppArmor profile of containers that bring none (`apparmor_profile`). */
  apparmorProfile: string;
  /** Who makes the cgroups of containers (`cgroup_manager`). */
  cgroupManager: CgroupManager;
  /** Directory with the configurations of hooks (`hooks_dir_path`); see {@link hookDirectories}. */
  hooksDirPath: string;
  /** Directories with the configurations of hooks; later ones win (`hooks_dir`, since CRI-O 1.12). */
  hooksDir: string[];
  /** Mounts every container gets, `host-path:container-path` each (`default_mounts`). */
  defaultMounts: string[];
  /** The hooks, by the name of their file. No key of crio.conf: whoever reads the directories fills it. */
  hooks: Record<string, HookParams>;
  /** Most processes in a container (`pids_limit`). */
  pidsLimit: number;
  /**
   * Size in bytes at which a log is begun anew, negative for never (`log_size_max`). A file may give it as
   * a size too, of which parseLogSize knows the units: `"8kB"` is 8000 bytes, `"10MiB"` 10485760.
   */
  logSizeMax: number;
  /** Directory in which conmon leaves the exit codes of containers (`container_exits_dir`). */
  containerExitsDir: string;
  /** Directory of the links to the sockets to attach by (`container_attach_socket_dir`, since CRI-O 1.12). */
  containerAttachSocketDir: string;
  /** Directory of the directories of pinned namespaces, such as `netns` (`namespaces_dir`, since CRI-O 1.18). */
  namespacesDir: string;
  /** Whether pods that can do without an infra container have none (`drop_infra_ctr`, since CRI-O 1.20). */
  dropInfraCtr: boolean;
  /** Name of the handler in `runtimes` that pods get which name none, "" for none (`default_runtime`). */
  defaultRuntime: string;
  /** The runtimes by name of handler (tables `[crio.runtime.runtimes.NAME]`); see {@link runtimeHandler}. */
  runtimes: Record<string, RuntimeHandler>;
}

/** The defaults of CRI-O 1.0.0, and of what came later those that act as 1.0.0 did. */
export function defaultRuntimeConfig(): RuntimeConfig {
  return {
    runtime: "/usr/bin/runc",
    runtimeUntrustedWorkload: "",
    defaultWorkloadTrust: "trusted",
    noPivot: false,
    conmon: "/usr/local/libexec/crio/conmon",
    conmonEnv: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    conmonCgroup: "",
    selinux: false,
    seccompProfile: "/etc/crio/seccomp.json",
    apparmorProfile: "crio-default",
    cgroupManager: "cgroupfs",
    hooksDirPath: defaultHooksDirPath,
    hooksDir: [],
    defaultMounts: [],
    hooks: {},
    pidsLimit: defaultPidsLimit,
    logSizeMax: defaultLogSizeMax,
    containerExitsDir: "/var/run/crio/exits",
    containerAttachSocketDir: "/var/run/crio",
    namespacesDir: "/var/run",
    dropInfraCtr: false,
    defaultRuntime: "",
    runtimes: {},
  };
}

/** CRI-O takes every word but `untrusted` for `trusted`; of those only the empty one is meant. */
const workloadTrust = stringKind<WorkloadTrust>('"trusted" or "untrusted"', (value) => {
  if (value === "") return "trusted";
  return value === "trusted" || value === "untrusted" ? value : undefined;
});

export const runtimeKeys: ConfigKeys<Omit<RuntimeConfig, "hooks" | "runtimes">> = {
  runtime: { name: "runtime", kind: text },
  runtimeUntrustedWorkload: { name: "runtime_untrusted_workload", kind: text },
  defaultWorkloadTrust: { name: "default_workload_trust", kind: workloadTrust },
  noPivot: { name: "no_pivot", kind: boolean },
  conmon: { name: "conmon", kind: text },
  conmonEnv: { name: "conmon_env", kind: texts },
  conmonCgroup: { name: "conmon_cgroup", kind: text, later: true },
  selinux: { name: "selinux", kind: boolean },
  seccompProfile: { name: "seccomp_profile", kind: text },
  apparmorProfile: { name: "apparmor_profile", kind: text },
  cgroupManager: { name: "cgroup_manager", kind: oneOf("cgroupfs", "systemd") },
  hooksDirPath: { name: "hooks_dir_path", kind: text, replacedBy: "hooksDir" },
  hooksDir: { name: "hooks_dir", kind: texts, later: true },
  defaultMounts: { name: "default_mounts", kind: texts },
  pidsLimit: { name: "pids_limit", kind: integer },
  logSizeMax: { name: "log_size_max", kind: size },
  containerExitsDir: { name: "container_exits_dir", kind: path },
  containerAttachSocketDir: { name: "container_attach_socket_dir", kind: path, later: true },
  namespacesDir: { name: "namespaces_dir", kind: path, later: true },
  dropInfraCtr: { name: "drop_infra_ctr", kind: boolean, later: true },
  defaultRuntime: { name: "default_runtime", kind: text, later: true },
};

/**
 * The directories with the configurations of hooks, of which the later ones win: those of `hooks_dir`, else
 * that of CRI-O 1.0's `hooks_dir_path`, to which an administrator's directory belongs when it is the default.
 */
export function hookDirectories(
  config: Pick<RuntimeConfig, "hooksDir" | "hooksDirPath"> & SourcesOf<"hooksDir">,
): string[] {
  if (config.sources.has("hooksDir") || config.hooksDir.length > 0) return config.hooksDir;
  if (config.hooksDirPath === defaultHooksDirPath) return [defaultHooksDirPath, overrideHooksDirPath];
  return config.hooksDirPath === "" ? [] : [config.hooksDirPath];
}
