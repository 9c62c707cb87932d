import { KpodError } from "../errors";
import { readTextIfThere } from "../system/files";

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
