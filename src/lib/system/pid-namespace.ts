import { readlinkSync } from "node:fs";
import { isNotFound, errnoOf } from "../errors";

/** The inode that the kernel gives to the first pid namespace of a machine, and to no other (PROC_PID_INIT_INO). */
const initialPidNamespace = "pid:[4026531836]";

/** Likewise of cgroup namespaces (PROC_CGROUP_INIT_INO). */
const initialCgroupNamespace = "cgroup:[4026531835]";

let ownProc: boolean | undefined;

/**
 * True when /proc shows the pid namespace that this process is in: what it calls 7 is what kill(2) calls 7. A mounted
 * /proc shows the namespace of who mounted it, which in a debug pod, and after `unshare --pid`, is another one.
 */
export function isOwnProc(): boolean {
  ownProc ??= linkOf("/proc/self") === String(process.pid);
  return ownProc;
}

/** True when /proc shows all processes of the machine; false when it shows fewer, or nobody may know. */
export function isProcOfMachine(): boolean {
  // The first process of a namespace never leaves it. Its own one can be looked at without any right.
  const first = isOwnProc() ? "self" : "1";
  return linkOf(`/proc/${first}/ns/pid`) === initialPidNamespace;
}

/** True when paths of cgroups are shown from the root of their hierarchies, and not from somewhere within. */
export function isInitialCgroupNamespace(): boolean {
  return linkOf("/proc/self/ns/cgroup") === initialCgroupNamespace;
}

/** What /proc shows may have changed: the root directory of this process has. */
export function forgetProc(): void {
  ownProc = undefined;
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    // EINVAL: /proc is some directory, and not the kernel's.
    if (isNotFound(error) || ["EACCES", "EPERM", "ESRCH", "EINVAL"].includes(errnoOf(error) ?? ""))
      return undefined;
    throw error;
  }
}
