export { Config, crioText, defaultConfig } from "./config";
export { crioDefaults, newestOf, versionsOfKeys } from "./crio-defaults";
export type { CrioDefaults, RecordsFile } from "./crio-defaults";
export { crioVersionText, isSince, newestCrio, parseCrioVersion, readVersionFiles } from "./crio-version";
export type { CrioAnswer, CrioVersion } from "./crio-version";
export type { ConfigFields } from "./fields";
export type { ImageConfig, ImageVolumesType } from "./image-config";
export { parseLogSize } from "./keys";
export { defaultConfigPaths, loadConfig } from "./load-config";
export type { ConfigOverrides, ConfigPaths, LoadConfigOptions } from "./load-config";
export { cniPluginDirs } from "./network-config";
export type { NetworkConfig } from "./network-config";
export type { ApiConfig, RootConfig } from "./root-config";
export {
  defaultHooksDirPath,
  defaultLogSizeMax,
  defaultPidsLimit,
  hookDirectories,
  overrideHooksDirPath,
} from "./runtime-config";
export type { CgroupManager, HookParams, RuntimeConfig, WorkloadTrust } from "./runtime-config";
export { runtimeHandler } from "./runtime-handlers";
export type { RuntimeHandler } from "./runtime-handlers";
export { configValues } from "./values";
