import type { Config } from "../config";
import type { Logger } from "../logger";
import { appArmorProfile } from "./apparmor";
import { refuseWhatIsNotFollowed } from "./launch-keys";
import { readLaunchSettings, type LaunchSettings } from "./launch-settings";
import { readSeccompProfile } from "./seccomp";

/** How the configuration and the node confine new containers. */
export interface Confinement extends LaunchSettings {
  /** As a spec has it; undefined for a configuration that wants none. */
  readonly seccomp: Record<string, unknown> | undefined;
  /** Name of the profile; undefined where the kernel has no AppArmor, or none is wanted. */
  readonly apparmor: string | undefined;
}

/**
 * Finds out how a new container is confined, before anything of it is made.
 * @param handlerName name of the runtime's handler; "" for the default one
 * @param root directory that stands for `/`, in tests
 * @throws KpodError BAD_CONFIG, UNSUPPORTED when kpod cannot confine it as CRI-O does
 */
export function planConfinement(config: Config, handlerName: string, logger: Logger, root = ""): Confinement {
  const name = handlerName === "" ? config.defaultRuntime : handlerName;
  refuseWhatIsNotFollowed(config, name, logger);
  const settings = readLaunchSettings(config, name);
  return {
    ...settings,
    seccomp: readSeccompProfile(settings.seccompProfile, settings.capabilities, { root }),
    apparmor: appArmorProfile(config.apparmorProfile, { root }),
  };
}
