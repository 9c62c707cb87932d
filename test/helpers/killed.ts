import { kpodCommand } from "./kpod";
import { runProcess, type ProcessResult } from "./process";

/** All by which a program changes what is on a disk or mounted, but for the contents of files that nobody knows yet. */
const changing = [
  ...["?rename", "?renameat", "renameat2", "?unlink", "unlinkat", "?rmdir", "?mkdir", "mkdirat"],
  ...["?symlink", "symlinkat", "?link", "linkat", "mount", "umount2", "pwrite64"],
].join(",");

/**
 * Runs kpod, which ends by SIGKILL at its call of the kernel that changes something for the `step`th time.
 * @param calls those that count, where not all do
 * @returns exit code 137, or what it ended with when it has fewer steps
 */
export function killedAt(step: number, args: readonly string[], calls = changing): Promise<ProcessResult> {
  const words = ["--output=/dev/null", `--trace=${calls}`, `--inject=${calls}:signal=KILL:when=${step}`];
  return runProcess("strace", [...words, ...kpodCommand, ...args]);
}
