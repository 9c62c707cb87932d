import { KpodError } from "../../errors";
import { findExecutable } from "../../system/executable";

const builtInConmon = "/usr/local/libexec/crio/conmon";

/**
 * Finds conmon: as configured, or the program of that name.
 * @throws KpodError CONMON_FAILED when there is none
 */
export function findConmon(configured: string): string {
  const path = findExecutable(configured, configured === "" ? "/usr/bin/conmon" : builtInConmon);
  if (path !== undefined) return path;
  throw new KpodError(
    "CONMON_FAILED",
    `conmon is not at ${configured === "" ? "any place of PATH" : configured}`,
    {
      hint: "install it (Debian: apt-get install conmon) or set conmon in [crio.runtime]",
    },
  );
}
