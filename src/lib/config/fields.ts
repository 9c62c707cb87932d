import { defaultImageConfig, imageKeys, type ImageConfig } from "./image-config";
import type { ConfigKeys } from "./keys";
import { defaultNetworkConfig, networkKeys, type NetworkConfig } from "./network-config";
import {
  apiKeys,
  defaultApiConfig,
  defaultRootConfig,
  rootKeys,
  type ApiConfig,
  type RootConfig,
} from "./root-config";
import { defaultRuntimeConfig, runtimeKeys, type RuntimeConfig } from "./runtime-config";

/** Every value of the configuration, side by side as in Go's embedded structs. */
export interface ConfigFields extends RootConfig, ApiConfig, RuntimeConfig, ImageConfig, NetworkConfig {
  /**
   * Whether the records of containers lie in the run directory and so end with a reboot: `transient_store`
   * of storage.conf. crio.conf has no key for it.
   */
  transientStore: boolean;
}

/** The fields that a single key of crio.conf fills. */
export type KeyedFields = Omit<ConfigFields, "hooks" | "runtimes" | "transientStore">;

/** The key of each of them, whichever table it stands in. */
export const configKeys: ConfigKeys<KeyedFields> = {
  ...rootKeys,
  ...apiKeys,
  ...runtimeKeys,
  ...imageKeys,
  ...networkKeys,
};

/** Every value as it is where nothing is configured. */
export function defaultFields(): ConfigFields {
  return {
    ...defaultRootConfig(),
    ...defaultApiConfig(),
    ...defaultRuntimeConfig(),
    ...defaultImageConfig(),
    ...defaultNetworkConfig(),
    transientStore: false,
  };
}
