import { readTextIfThere } from "../system/files";

/** The profile of CRI-O's own that only CRI-O loads. */
const builtInProfile = "crio-default";

/**
 * The AppArmor profile for a new container; undefined where the kernel has no AppArmor, none is wanted, or
 * the built-in one was never loaded because no CRI-O ran on this node since boot.
 */
export function appArmorProfile(configured: string): string | undefined {
  if (configured === "" || configured === "unconfined") return undefined;
  if (readTextIfThere("/sys/module/apparmor/parameters/enabled")?.trim() !== "Y") return undefined;
  if (configured !== builtInProfile) return configured;
  const loaded = readTextIfThere("/sys/kernel/security/apparmor/profiles") ?? "";
  return loaded.split("\n").some((line) => line.startsWith(`${builtInProfile} `)) ? configured : undefined;
}
