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
} as const;

type KubeletSetting = keyof typeof flags;

const usualConfig = "/var/lib/kubelet/config.yaml";

/** The kubelet that has its containers made by the CRI-O of this configuration; undefined where none says so. */
export function kubelet(facts: Facts): Kubelet | undefined {
  const { listen } = facts.server.config;
  for (const { pid, name } of facts.get(allProcesses)) {
    if (name !== "kubelet") continue;
    const found = kubeletOf(pid);
    const endpoint = (found.setting("containerRuntimeEndpoint") ?? "").replace(/^unix:\/\//, "");
    if (endpoint !== "" && realSocket(endpoint) === realSocket(listen)) return found;
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

/** The text of a key at the top of a file of YAML or JSON. */
function topLevelValue(text: string, key: string): string | undefined {
  const found = new RegExp(`^(?:${key}:|\\s*"${key}":)\\s*["']?([^"'\\s,#]+)`, "m").exec(text);
  return found?.[1];
}

/** CRI-O says /var/run where others say /run; the socket itself need not be there. */
function realSocket(path: string): string {
  return join(realPath(dirname(path)), basename(path));
}
