import type { Config } from "./config";
import { defaultHooksDirPath, overrideHooksDirPath } from "./runtime-config";

/**
 * The directories with the configurations of hooks, of which the later ones win: those of `hooks_dir`, else
 * that of CRI-O 1.0's `hooks_dir_path`, to which an administrator's directory belongs when it is the default.
 */
export function hookDirectories(config: Pick<Config, "hooksDir" | "hooksDirPath" | "sources">): string[] {
  if (config.sources.has("hooksDir") || config.hooksDir.length > 0) return config.hooksDir;
  if (config.hooksDirPath === defaultHooksDirPath) return [defaultHooksDirPath, overrideHooksDirPath];
  return config.hooksDirPath === "" ? [] : [config.hooksDirPath];
}

/**
 * The directories in which to look for a CNI plugin, in this order: those of `plugin_dirs`, then, where it
 * is set or the only one, that of `plugin_dir`.
 */
export function cniPluginDirs(config: Pick<Config, "pluginDirs" | "pluginDir" | "sources">): string[] {
  if (config.pluginDirs.length === 0) return config.pluginDir === "" ? [] : [config.pluginDir];
  const extra = config.sources.has("pluginDir") && config.pluginDir !== "" ? [config.pluginDir] : [];
  return [...config.pluginDirs, ...extra];
}
