import type { Config } from "../config";
import { wrongValue, type TomlSection } from "../config/toml-file";
import { unlimited } from "../oci/spec";
import { capabilityNames } from "../system/capabilities";
import type { Rlimit } from "./container-options";
import { readDevice, type ContainerDevice } from "./devices";
import { launchKeys, tableOf } from "./launch-keys";

/** What the keys say of containers that are no fields of Config. */
export interface LaunchSettings {
  readonly capabilities: readonly string[];
  readonly inheritableCapabilities: boolean;
  readonly devices: readonly ContainerDevice[];
  /** `NAME=value`, below those of the image. */
  readonly env: readonly string[];
  readonly rlimits: readonly Rlimit[];
  /** Settings of the kernel that belong to a namespace, with their values. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly readOnly: boolean;
  /** A zone, `local` for that of the node, "" for none. */
  readonly timezone: string;
  /** The processors of infra containers; "" for all. */
  readonly infraCpuset: string;
  readonly hostNetworkWithoutLabel: boolean;
  /** The seccomp profile of the runtime's handler, else that of the configuration. */
  readonly seccompProfile: string;
  /** That of privileged containers; "" for none. */
  readonly privilegedSeccompProfile: string;
}

/**
 * Reads what the configuration says of new containers.
 * @param handlerName name of the runtime's handler
 * @throws KpodError BAD_CONFIG that names file, line and key for a value that will not do, or a device that is not there
 */
export function readLaunchSettings(config: Config, handlerName: string): LaunchSettings {
  const read = <T>(name: string, kind: Kind<T>, otherwise: T): T => {
    const key = launchKeys.find((each) => each.name === name && each.kpod === "follows");
    const found = key === undefined ? undefined : config.further(tableOf(key, handlerName), name);
    if (found === undefined) return otherwise;
    const value = kind.decode(found.section.values[found.key], found.section);
    if (value === undefined) throw wrongValue(found.section, found.key, kind.expected);
    return value;
  };
  const handlerProfile = read("seccomp_profile", text, "");
  return {
    capabilities: read("default_capabilities", capabilities, defaultCapabilities),
    inheritableCapabilities: read("add_inheritable_capabilities", flag, false),
    devices: read("additional_devices", devices, []),
    env: read("default_env", environment, []),
    rlimits: read("default_ulimits", rlimits, []),
    sysctls: read("default_sysctls", sysctls, {}),
    readOnly: read("read_only", flag, false),
    timezone: read("timezone", timezone, ""),
    infraCpuset: read("infra_ctr_cpuset", cpuset, ""),
    // CRI-O 1.0 labelled these too; what takes a label away is done where it is asked for.
    hostNetworkWithoutLabel: read("hostnetwork_disable_selinux", flag, false),
    seccompProfile: handlerProfile === "" ? config.seccompProfile : handlerProfile,
    privilegedSeccompProfile: read("privileged_seccomp_profile", text, ""),
  };
}

/** How a value is told apart from nonsense. */
interface Kind<T> {
  readonly expected: string;
  decode(value: unknown, section: TomlSection): T | undefined;
}

const flag: Kind<boolean> = {
  expected: "true or false",
  decode: (value) => (typeof value === "boolean" ? value : undefined),
};

const text: Kind<string> = {
  expected: "a string",
  decode: (value) => (typeof value === "string" ? value : undefined),
};

/** A list whose entries are all understood. */
function listOf<T>(
  expected: string,
  entry: (word: string, section: TomlSection) => T | undefined,
): Kind<T[]> {
  return {
    expected: `a list of ${expected}`,
    decode: (value, section) => {
      if (!Array.isArray(value)) return undefined;
      const words = value.filter((word): word is string => typeof word === "string");
      const entries = words.map((word) => entry(word, section)).filter((each) => each !== undefined);
      return entries.length === value.length ? entries : undefined;
    },
  };
}

const capabilities: Kind<readonly string[]> = listOf('capabilities such as "CHOWN"', capabilityOf);

/** The name of a capability, which a user may write as `chown`; undefined for what is none. */
export function capabilityOf(word: string): string | undefined {
  const name = word.toUpperCase().replace(/^CAP_/, "");
  return capabilityNames.includes(name) ? `CAP_${name}` : undefined;
}

const devices: Kind<readonly ContainerDevice[]> = listOf(
  'devices such as "/dev/fuse:/dev/fuse:rwm"',
  readDevice,
);

const environment: Kind<readonly string[]> = listOf('variables such as "NAME=value"', (word) =>
  /^[^=]+=/.test(word) ? word : undefined,
);

const limitNames = [
  "as",
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
];

const rlimits: Kind<LaunchSettings["rlimits"]> = listOf(
  'limits such as "nofile=1024:2048" or "memlock=-1"',
  rlimitOf,
);

/** A limit of a process, `NAME=SOFT[:HARD]`; undefined for what is none. */
export function rlimitOf(word: string): Rlimit | undefined {
  const [, name = "", softText = "", hardText = softText] =
    /^([a-z]+)=(-1|\d+)(?::(-1|\d+))?$/.exec(word) ?? [];
  const [soft, hard] = [softText, hardText].map((each) => (each === "-1" ? unlimited : Number(each)));
  if (!limitNames.includes(name) || soft === undefined || hard === undefined) return undefined;
  const fits = [soft, hard].every((each) => each === unlimited || Number.isSafeInteger(each));
  return fits && soft <= hard ? { type: `RLIMIT_${name.toUpperCase()}`, hard, soft } : undefined;
}

const sysctls: Kind<Readonly<Record<string, string>>> = {
  expected: 'a list of settings of the namespaces of pods, such as "net.ipv4.ip_forward=1"',
  decode: (value, section) => {
    const entries = listOf("", (word) => {
      const [, name = "", setting = ""] = /^([a-z0-9_./-]+)=(.+)$/.exec(word.trim()) ?? [];
      return namespaceOf(name) === undefined ? undefined : ([name, setting] as const);
    }).decode(value, section);
    return entries === undefined ? undefined : Object.fromEntries(entries);
  },
};

/** The namespace that a setting of the kernel belongs to; undefined for one of the whole node. */
export function namespaceOf(sysctl: string): "network" | "ipc" | undefined {
  if (/^net[./]/.test(sysctl)) return "network";
  if (/^(kernel[./](shm|msg|sem)|fs[./]mqueue[./])/.test(sysctl)) return "ipc";
  return undefined;
}

const cpuset: Kind<string> = {
  expected: 'a list of processors such as "0-1,3"',
  decode: (value) =>
    typeof value === "string" && /^(\d+(-\d+)?(,\d+(-\d+)?)*)?$/.test(value) ? value : undefined,
};

const timezone: Kind<string> = {
  expected: 'a time zone such as "Europe/Berlin", or "local"',
  decode: (value) =>
    typeof value === "string" && /^([A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*)?$/.test(value) ? value : undefined,
};

/** What newer CRI-O grants a container. That of 1.0 granted five more, among them NET_RAW and MKNOD. */
const defaultCapabilities = [
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
