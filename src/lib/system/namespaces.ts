import { readlinkSync } from "node:fs";
import { errnoOf, fileError, isNotFound, ifThere } from "../errors";

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

/** Has /proc looked at anew: the root directory of this process has changed, and what /proc shows may have. */
export function lookAtProcAnew(): void {
  ownProc = undefined;
}

/** The mount namespace of a process, as `mnt:[4026531841]`; undefined where it is gone, or nobody may know. */
export function mountNamespaceOf(pid: number | "self"): string | undefined {
  return linkOf(`/proc/${pid}/ns/mnt`);
}

/** The pid namespace of a process, likewise: its own, and not that of what it starts. */
export function pidNamespaceOf(pid: number | "self"): string | undefined {
  return linkOf(`/proc/${pid}/ns/pid`);
}

function linkOf(path: string): string | undefined {
  // EINVAL: /proc is some directory, and not the kernel's.
  return ifThere(() => readlinkSync(path), "EACCES", "EPERM", "ESRCH", "EINVAL");
}

const namespaceKinds = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"] as const;

/** A kind of namespace, as /proc/PID/ns names it. */
export type NamespaceKind = (typeof namespaceKinds)[number];

/** The inode numbers of a process's namespaces; "" for kinds that the kernel lacks. */
export type NamespaceInodes = Readonly<Record<NamespaceKind, string>>;

/**
 * Reads in which namespaces a process is (namespaces(7)); undefined when it is gone.
 * @throws KpodError NOT_PERMITTED for the process of another user
 */
export function readNamespaceInodes(pid: number): NamespaceInodes | undefined {
  const inodes = namespaceKinds.map((kind) => [kind, readInode(pid, kind)] as const);
  if (inodes.every(([, inode]) => inode === undefined)) return undefined;
  return Object.fromEntries(inodes.map(([kind, inode]) => [kind, inode ?? ""])) as Record<
    NamespaceKind,
    string
  >;
}

function readInode(pid: number, kind: NamespaceKind): string | undefined {
  const path = `/proc/${pid}/ns/${kind}`;
  try {
    // `net:[4026531840]`
    return /\[(\d+)\]$/.exec(readlinkSync(path))?.[1];
  } catch (error) {
    if (isNotFound(error) || errnoOf(error) === "ESRCH") return undefined;
    throw fileError(`cannot read ${path}`, error);
  }
}
