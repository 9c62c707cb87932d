import { readlinkSync } from "node:fs";
import { errnoOf, fileError, isNotFound } from "../errors";

const kinds = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"] as const;

/** A kind of namespace, as /proc/PID/ns names it. */
export type NamespaceKind = (typeof kinds)[number];

/** The inode numbers of a process's namespaces; "" for kinds that the kernel lacks. */
export type NamespaceInodes = Readonly<Record<NamespaceKind, string>>;

/**
 * Reads in which namespaces a process is (namespaces(7)); undefined when it is gone.
 * @throws KpodError NOT_PERMITTED for the process of another user
 */
export function readNamespaceInodes(pid: number): NamespaceInodes | undefined {
  const inodes = kinds.map((kind) => [kind, readInode(pid, kind)] as const);
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
