import { statSync } from "node:fs";
import { errnoOf, fileError, KpodError } from "../errors";
import { checked, libc } from "./libc";
import { lookAtProcAnew } from "./namespaces";

/**
 * Makes a directory the root directory of this process, for good: a node that is mounted below it, with its /proc and
 * /sys, is then seen as it sees itself, absolute symbolic links included. What is still to be loaded from the root
 * before is out of reach.
 * @throws KpodError NOT_PERMITTED without the right to it, IO when there is no such directory
 */
export function enterHostRoot(directory: string): void {
  const what = `cannot use ${directory} as the root of a node`;
  try {
    if (!statSync(directory).isDirectory()) throw new KpodError("IO", `${what}: it is no directory`);
    checked("chroot", libc().chroot(directory), directory);
    process.chdir("/");
  } catch (error) {
    if (error instanceof KpodError) throw error;
    if (errnoOf(error) !== "EPERM") throw fileError(what, error);
    throw new KpodError("NOT_PERMITTED", `${what}: to change the root directory is not permitted`, {
      hint:
        process.geteuid?.() === 0
          ? "run kpod in a privileged container, or in one with the capability SYS_CHROOT"
          : "run kpod as root",
      cause: error,
    });
  }
  lookAtProcAnew();
}
