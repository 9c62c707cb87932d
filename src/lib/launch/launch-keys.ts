import { readdirSync } from "node:fs";
import type { Config } from "../config";
import { KpodError } from "../errors";
import { warnOnce, type Logger } from "../logger";

/** What kpod does about a key of crio.conf by which CRI-O shapes containers. */
type Treatment =
  /** It does what CRI-O does: see `launch-settings.ts`. */
  | "follows"
  /** It launches nothing while the key is set to something that would change the container. */
  | "refuses"
  /** It launches, and says that the key is not followed: it changes nothing inside the container. */
  | "warns"
  /** The key changes no container that kpod makes. */
  | "needs not";

/** A key that CRI-O has beside those of {@link Config}'s fields. */
export interface LaunchKey {
  /** `runtime` for [crio.runtime], `handler` for [crio.runtime.runtimes.NAME]. */
  readonly table: "runtime" | "handler";
  readonly name: string;
  readonly kpod: Treatment;
  /** What CRI-O does with it, or why it does not matter: the end of a sentence for the user where kpod refuses. */
  readonly why: string;
}

const row =
  (table: LaunchKey["table"]) =>
  (name: string, kpod: Treatment, why: string): LaunchKey => ({ table, name, kpod, why });
const runtime = row("runtime");
const handler = row("handler");

/** Every key of CRI-O 1.0 to 1.36 for containers that is no field of Config; a test holds it against CRI-O's own lists. */
export const launchKeys: readonly LaunchKey[] = [
  runtime("add_inheritable_capabilities", "follows", "capabilities are inheritable too"),
  runtime("additional_devices", "follows", "devices that every container gets"),
  runtime("default_capabilities", "follows", "the capabilities of a container"),
  runtime("default_env", "follows", "variables that every container gets"),
  runtime("default_sysctls", "follows", "settings of a pod's namespaces"),
  runtime("default_ulimits", "follows", "limits of a container's processes"),
  runtime("hostnetwork_disable_selinux", "follows", "no label of a process on the host's network"),
  runtime("infra_ctr_cpuset", "follows", "the processors of infra containers"),
  runtime("privileged_seccomp_profile", "follows", "the seccomp profile of privileged containers"),
  runtime("read_only", "follows", "the root of containers is read-only"),
  runtime("timezone", "follows", "the /etc/localtime of containers"),
  handler("seccomp_profile", "follows", "goes before that of [crio.runtime]"),

  runtime("bind_mount_prefix", "refuses", "CRI-O looks for the sources of mounts below it"),
  runtime("default_mounts_file", "refuses", "CRI-O copies what it names into every container"),
  runtime("gid_mappings", "refuses", "CRI-O gives containers a user namespace"),
  runtime("uid_mappings", "refuses", "CRI-O gives containers a user namespace"),
  handler("default_annotations", "refuses", "CRI-O acts on annotations that it adds to every pod"),
  handler("runtime_pull_image", "refuses", "the runtime brings the image itself"),

  runtime("log_to_journald", "warns", "logs are written to their files only"),
  runtime("min_injected_gomaxprocs", "warns", "the variable GOMAXPROCS is not set"),

  runtime("absent_mount_sources_to_reject", "needs not", "a volume whose source is absent is refused always"),
  runtime("additional_artifact_stores", "needs not", "kpod mounts no artifacts"),
  runtime("allowed_devices", "needs not", "only for annotations that ask for devices"),
  runtime("blockio_config_file", "needs not", "only for annotations that ask for a class"),
  runtime("blockio_reload", "needs not", "only for annotations that ask for a class"),
  runtime("cdi_spec_dirs", "needs not", "only for requests of CDI devices"),
  runtime("ctr_stop_timeout", "needs not", "kpod stop has a flag"),
  runtime("decryption_keys_path", "needs not", "only for images that are pulled"),
  runtime("device_ownership_from_security_context", "needs not", "only for users that a request names"),
  runtime("disable_hostport_mapping", "needs not", "the portmap plugin does that, where the network has it"),
  runtime("enable_criu_support", "needs not", "criu itself is asked"),
  runtime("enable_pod_events", "needs not", "only for the kubelet"),
  runtime("irqbalance_config_file", "needs not", "only for annotations that ask for it"),
  runtime("irqbalance_config_restore_file", "needs not", "only for the start of CRI-O"),
  runtime("log_filter", "needs not", "only for CRI-O's own log"),
  runtime("log_level", "needs not", "only for CRI-O's own log"),
  runtime("minimum_mappable_gid", "needs not", "only for user namespaces"),
  runtime("minimum_mappable_uid", "needs not", "only for user namespaces"),
  runtime("pinns_path", "needs not", "kpod pins namespaces itself"),
  runtime("rdt_config_file", "needs not", "only for annotations that ask for a class"),
  runtime("seccomp_use_default_when_empty", "needs not", "kpod applies a profile always"),
  runtime("separate_pull_cgroup", "needs not", "only for images that are pulled"),
  runtime("shared_cpuset", "needs not", "only for annotations that ask for it"),
  // Of pods that ask for one by its annotation: see refuseWorkload.
  runtime("workloads", "follows", "pods that ask for a workload are refused"),
  handler("allowed_annotations", "needs not", "only says which annotations CRI-O acts on"),
  handler("container_create_timeout", "needs not", "kpod waits 240 seconds"),
  handler("container_min_memory", "needs not", "the runtime itself tells which limit of memory is too low"),
  handler("exec_cpu_affinity", "needs not", "only for exec"),
  handler("monitor_exec_cgroup", "needs not", "only for exec"),
  handler("no_sync_log", "needs not", "only for the log's last moment"),
  handler("runtime_config_path", "needs not", "only for runtimes of virtual machines"),
  handler("stream_websockets", "needs not", "only for streams to the kubelet"),
];

/** Where a key stands in crio.conf. */
export function tableOf(key: Pick<LaunchKey, "table">, handlerName: string): string[] {
  const path = ["crio", "runtime"];
  return key.table === "runtime" ? path : [...path, "runtimes", handlerName];
}

/**
 * Refuses what kpod cannot do of a configuration that would change containers, and says what else it does not follow.
 * @param handlerName name of the runtime's handler
 * @throws KpodError UNSUPPORTED that names the key; BAD_CONFIG for a table that is none
 */
export function refuseWhatIsNotFollowed(config: Config, handlerName: string, logger: Logger): void {
  for (const key of launchKeys) {
    if (key.kpod !== "refuses" && key.kpod !== "warns") continue;
    const found = config.further(tableOf(key, handlerName), key.name);
    if (found === undefined || !says(found.section.values[found.key])) continue;
    const name = `${key.name} in [${tableOf(key, handlerName).join(".")}]`;
    if (key.kpod === "refuses") throw notFollowed(name, found.section.file, key.why);
    warnOnce(logger, `${name} of ${found.section.file} is not followed: ${key.why}`);
  }
  if (config.defaultMounts.length > 0) {
    const file = config.sources.get("defaultMounts") ?? "the configuration";
    throw notFollowed(
      "default_mounts in [crio.runtime]",
      file,
      "CRI-O copies what it names into every container",
    );
  }
  refusePlugins(config);
}

/** NRI's plugins change containers as they like, and only CRI-O can ask them. */
function refusePlugins(config: Config): void {
  const table = ["crio", "nri"];
  const enabled = config.further(table, "enable_nri");
  if (enabled?.section.values[enabled.key] !== true) return;
  const place = config.further(table, "nri_plugin_dir");
  const directory = place?.section.values[place.key] ?? "/opt/nri/plugins";
  if (typeof directory !== "string" || !hasEntries(directory)) return;
  throw notFollowed(
    "enable_nri in [crio.nri]",
    enabled.section.file,
    `only CRI-O can ask the plugins in ${directory}`,
  );
}

/**
 * Refuses a pod that asks by its annotations for a workload of the configuration, whose limits only CRI-O sets.
 * @throws KpodError UNSUPPORTED
 */
export function refuseWorkload(config: Config, annotations: Readonly<Record<string, string>>): void {
  const table = ["crio", "runtime", "workloads"];
  for (const workload of config.furtherTables(table)) {
    const found = config.further([...table, workload], "activation_annotation");
    const annotation = found?.section.values[found.key];
    if (typeof annotation !== "string" || !Object.hasOwn(annotations, annotation)) continue;
    throw new KpodError(
      "UNSUPPORTED",
      `the annotation ${annotation} asks for the workload ${workload} of crio.conf, whose limits only CRI-O sets`,
      { hint: "make the pod without that annotation" },
    );
  }
}

function notFollowed(name: string, file: string, why: string): KpodError {
  return new KpodError("UNSUPPORTED", `kpod cannot follow ${name} of ${file}: ${why}`, {
    hint: "give a configuration without it by --config",
  });
}

/** Whether a value asks for anything: not an empty text, list or table, not 0 and not false. */
function says(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return value !== "" && value !== false && value !== 0;
}

function hasEntries(directory: string): boolean {
  try {
    return readdirSync(directory).length > 0;
  } catch {
    // Not there, or nothing to read: nothing that CRI-O could start either.
    return false;
  }
}
