import type { Config } from "../config";
import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { readTextIfThere } from "../system/files";
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

/** The profile of CRI-O's own, which CRI-O loads when it starts. */
const builtInProfile = "crio-default";

/** What of a node tells of AppArmor, below a directory of its own in tests. */
export interface AppArmorHost {
  /** Directory that stands for `/`. */
  root?: string;
}

/**
 * The AppArmor profile for a new container; undefined where the kernel has no AppArmor, as in CRI-O, and for `unconfined`.
 * @param configured its name, "" for CRI-O's own
 * @throws KpodError BAD_CONFIG for a profile that is not loaded
 */
export function appArmorProfile(configured: string, { root = "" }: AppArmorHost = {}): string | undefined {
  if (configured === "unconfined") return undefined;
  if (readTextIfThere(`${root}/sys/module/apparmor/parameters/enabled`)?.trim() !== "Y") return undefined;
  const profile = configured === "" ? builtInProfile : configured;
  const loaded = readTextIfThere(`${root}/sys/kernel/security/apparmor/profiles`);
  // Where that cannot be seen the runtime tells: it starts no process under a profile that is not there.
  if (loaded === undefined || loaded.split("\n").some((line) => line.startsWith(`${profile} (`)))
    return profile;
  throw new KpodError("BAD_CONFIG", `the AppArmor profile ${profile} is not loaded`, {
    hint:
      profile === builtInProfile
        ? "start CRI-O once, which loads it, or name one that is loaded, or unconfined, as apparmor_profile in [crio.runtime]"
        : "load it with apparmor_parser, or correct apparmor_profile in [crio.runtime]",
  });
}
