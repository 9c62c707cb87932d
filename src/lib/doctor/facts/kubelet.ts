import type { Config } from "../../config";
import { readQuantity } from "../../quantity";
import { fileLimits, readTextIfThere } from "../../system/files";
import { valueOfFlag } from "./flags";
import { allProcesses, readCommandLine } from "../../system/process";
import { tolerate } from "../../errors";
import { realPath } from "../../system/mount";
import { dirname, basename, join } from "node:path";
import type { Facts } from "../facts";

/** What the kubelet of the node is set to, as far as it concerns its containers. */
export interface Kubelet {
  readonly pid: number;
  /** Where a setting stands: its configuration, or its command line. */
  readonly sourceOf: (name: KubeletSetting) => string;
  readonly setting: (name: KubeletSetting) => string | undefined;
}

/** Settings of the kubelet by the keys of its configuration, with the flags that stand above them. */
const flags = {
  cgroupDriver: "--cgroup-driver",
  containerRuntimeEndpoint: "--container-runtime-endpoint",
  containerLogMaxSize: "--container-log-max-size",
  podPidsLimit: "--pod-max-pids",
  imageGCHighThresholdPercent: "--image-gc-high-threshold",
  /** What has to be available of a resource, by its name: a map in the configuration, `NAME<VALUE,…` as a flag. */
  evictionHard: "--eviction-hard",
  healthzBindAddress: "--healthz-bind-address",
  healthzPort: "--healthz-port",
} as const;

type KubeletSetting = keyof typeof flags;

const usualConfig = "/var/lib/kubelet/config.yaml";

/** Where the configuration lies of a kubelet that does not run: that of kubeadm, of OpenShift. */
const usualConfigs = [usualConfig, "/etc/kubernetes/kubelet.conf"];

/** Settings by a kubelet, or by the configuration of one that does not run. */
export type KubeletSettings = Omit<Kubelet, "pid">;

/**
 * What the kubelet of this CRI-O is set to, also while it does not run: then by its configuration on disk, where that says that it
 * has its containers made by this CRI-O.
 */
export function kubeletSettings(facts: Facts): KubeletSettings | undefined {
  return facts.get(kubelet) ?? settingsOnDisk(facts.server.config, usualConfigs);
}

/** @param files where the configuration may lie */
export function settingsOnDisk(
  { listen }: Pick<Config, "listen">,
  files: readonly string[],
): KubeletSettings | undefined {
  for (const file of files) {
    const text = tolerate(undefined, () => readTextIfThere(file, fileLimits.config));
    if (text === undefined) continue;
    const found = { sourceOf: () => file, setting: (name: KubeletSetting) => topLevelValue(text, name) };
    if (isOf(found, listen)) return found;
  }
  return undefined;
}

function isOf({ setting }: KubeletSettings, listen: string): boolean {
  const endpoint = (setting("containerRuntimeEndpoint") ?? "").replace(/^unix:\/\//, "");
  return endpoint !== "" && realSocket(endpoint) === realSocket(listen);
}

/** The kubelet that has its containers made by the CRI-O of this configuration; undefined where none says so. */
export function kubelet(facts: Facts): Kubelet | undefined {
  const { listen } = facts.server.config;
  for (const { pid, name } of facts.get(allProcesses)) {
    if (name !== "kubelet") continue;
    const found = kubeletOf(pid);
    if (isOf(found, listen)) return found;
  }
  return undefined;
}

function kubeletOf(pid: number): Kubelet {
  const words = readCommandLine(pid) ?? [];
  const file = valueOfFlag(words, "--config") ?? usualConfig;
  const text = tolerate("", () => readTextIfThere(file, fileLimits.config) ?? "");
  return {
    pid,
    sourceOf: (name) => (valueOfFlag(words, flags[name]) === undefined ? file : `/proc/${pid}/cmdline`),
    setting: (name) => valueOfFlag(words, flags[name]) ?? topLevelValue(text, name),
  };
}

/** The text of a key at the top of a file of YAML or JSON; of a map all that is in it. */
function topLevelValue(text: string, key: string): string | undefined {
  const map = new RegExp(`^(?:${key}:|\\s*"${key}":)\\s*(?:\\{([^}]*)\\}|((?:\\n[ \\t]+\\S.*)+))`, "m").exec(
    text,
  );
  if (map !== null) return map[1] ?? map[2];
  const found = new RegExp(`^(?:${key}:|\\s*"${key}":)\\s*["']?([^"'\\s,#]+)`, "m").exec(text);
  return found?.[1];
}

/** The share of a disk for images, or the bytes that have to stay available on it, at which the kubelet takes measures. */
export interface ImageLimits {
  /** Of 1: when so much is used it removes images. */
  readonly highShare: number;
  /** When less is available it evicts pods. */
  readonly available: { readonly share: number } | { readonly bytes: number };
}

/** When the kubelet takes measures against a full disk: what it is set to, else its own defaults. */
export function imageLimits(settings: KubeletSettings | undefined): ImageLimits {
  const high = Number(settings?.setting("imageGCHighThresholdPercent") ?? 85);
  const [, value = ""] =
    /\bimagefs\.available["']?\s*[:<]\s*["']?([^"',}\s#]+)/.exec(settings?.setting("evictionHard") ?? "") ??
    [];
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(value)?.[1];
  const bytes = percent === undefined ? readQuantity(value) : undefined;
  return {
    highShare: high >= 0 && high <= 100 ? high / 100 : 0.85,
    available: bytes === undefined ? { share: Number(percent ?? 15) / 100 } : { bytes },
  };
}

/** CRI-O says /var/run where others say /run; the socket itself need not be there. */
function realSocket(path: string): string {
  return join(realPath(dirname(path)), basename(path));
}
