import { text, texts, type ConfigKeys, type SourcesOf } from "./keys";

/** Networks of pods: the table `[crio.network]`. `NetworkConfig` of libkpod. */
export interface NetworkConfig {
  /** Directory of the CNI network configurations (`network_dir`). */
  networkDir: string;
  /** Directory of the CNI plugins (`plugin_dir`); see {@link cniPluginDirs}. */
  pluginDir: string;
  /** Directories of the CNI plugins, the first with a plugin wins (`plugin_dirs`, since CRI-O 1.14). */
  pluginDirs: string[];
  /** Name of the CNI network to use, "" for the first in the directory (`cni_default_network`). */
  cniDefaultNetwork: string;
}

/** The defaults of CRI-O 1.0.0. */
export function defaultNetworkConfig(): NetworkConfig {
  return {
    networkDir: "/etc/cni/net.d/",
    pluginDir: "/opt/cni/bin/",
    pluginDirs: [],
    cniDefaultNetwork: "",
  };
}

export const networkKeys: ConfigKeys<NetworkConfig> = {
  networkDir: { name: "network_dir", kind: text },
  pluginDir: { name: "plugin_dir", kind: text, replacedBy: "pluginDirs" },
  pluginDirs: { name: "plugin_dirs", kind: texts, later: true },
  cniDefaultNetwork: { name: "cni_default_network", kind: text, later: true },
};

/**
 * The directories in which to look for a CNI plugin, in this order: those of `plugin_dirs`, then, where it
 * is set or the only one, that of `plugin_dir`.
 */
export function cniPluginDirs(
  config: Pick<NetworkConfig, "pluginDirs" | "pluginDir"> & SourcesOf<"pluginDir">,
): string[] {
  if (config.pluginDirs.length === 0) return config.pluginDir === "" ? [] : [config.pluginDir];
  const extra = config.sources.has("pluginDir") && config.pluginDir !== "" ? [config.pluginDir] : [];
  return [...config.pluginDirs, ...extra];
}
