import { KpodError } from "../errors";
import { configKeys, type ConfigFields, type KeyedFields } from "./fields";
import { fieldsOf } from "./keys";

/** The environment, of which only what is set is looked at. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables that CRI-O takes instead of its flags. */
const variables: { readonly [F in keyof KeyedFields]?: string } = {
  root: "CONTAINER_ROOT",
  runRoot: "CONTAINER_RUNROOT",
  storage: "CONTAINER_STORAGE_DRIVER",
  storageOptions: "CONTAINER_STORAGE_OPT",
  logDir: "CONTAINER_LOG_DIR",
  imageStore: "CONTAINER_IMAGESTORE",
  versionFile: "CONTAINER_VERSION_FILE",
  versionFilePersist: "CONTAINER_VERSION_FILE_PERSIST",
  internalWipe: "CONTAINER_INTERNAL_WIPE",
  listen: "CONTAINER_LISTEN",
  noPivot: "CONTAINER_NO_PIVOT",
  conmon: "CONTAINER_CONMON",
  conmonEnv: "CONTAINER_CONMON_ENV",
  conmonCgroup: "CONTAINER_CONMON_CGROUP",
  selinux: "CONTAINER_SELINUX",
  seccompProfile: "CONTAINER_SECCOMP_PROFILE",
  apparmorProfile: "CONTAINER_APPARMOR_PROFILE",
  cgroupManager: "CONTAINER_CGROUP_MANAGER",
  hooksDir: "CONTAINER_HOOKS_DIR",
  pidsLimit: "CONTAINER_PIDS_LIMIT",
  logSizeMax: "CONTAINER_LOG_SIZE_MAX",
  containerExitsDir: "CONTAINER_EXITS_DIR",
  containerAttachSocketDir: "CONTAINER_ATTACH_SOCKET_DIR",
  namespacesDir: "CONTAINER_NAMESPACES_DIR",
  dropInfraCtr: "CONTAINER_DROP_INFRA_CTR",
  defaultRuntime: "CONTAINER_DEFAULT_RUNTIME",
  defaultTransport: "CONTAINER_DEFAULT_TRANSPORT",
  pauseImage: "CONTAINER_PAUSE_IMAGE",
  pauseCommand: "CONTAINER_PAUSE_COMMAND",
  signaturePolicyPath: "CONTAINER_SIGNATURE_POLICY",
  insecureRegistries: "CONTAINER_INSECURE_REGISTRY",
  imageVolumes: "CONTAINER_IMAGE_VOLUMES",
  globalAuthFile: "CONTAINER_GLOBAL_AUTH_FILE",
  pauseImageAuthFile: "CONTAINER_PAUSE_IMAGE_AUTH_FILE",
  registries: "CONTAINER_REGISTRY",
  networkDir: "CONTAINER_CNI_CONFIG_DIR",
  pluginDirs: "CONTAINER_CNI_PLUGIN_DIR",
  cniDefaultNetwork: "CONTAINER_CNI_DEFAULT_NETWORK",
};

/** A value from the environment. */
export interface EnvironmentValue {
  readonly variable: string;
  readonly fields: Partial<ConfigFields>;
}

/**
 * What CRI-O's variables of the environment set. An empty one sets nothing; lists are separated by commas.
 * @throws KpodError BAD_CONFIG that names the variable whose value will not do
 */
export function readEnvironment(environment: Environment): EnvironmentValue[] {
  // Each look at a variable of the process is a call out of JavaScript.
  const names = new Set(Object.keys(environment).filter((name) => name.startsWith("CONTAINER_")));
  if (names.size === 0) return [];
  return fieldsOf(configKeys).flatMap((field) => {
    const variable = variables[field];
    if (variable === undefined || !names.has(variable)) return [];
    const given = environment[variable];
    if (given === undefined || given === "") return [];
    return [{ variable, fields: parseField(field, variable, given) }];
  });
}

function parseField(field: keyof KeyedFields, variable: string, given: string): Partial<ConfigFields> {
  const { kind } = configKeys[field];
  const value = kind.parse(given);
  if (value === undefined) {
    throw new KpodError(
      "BAD_CONFIG",
      `environment variable ${variable} must be ${kind.expected}, not ${JSON.stringify(given)}`,
    );
  }
  return { [field]: value };
}
