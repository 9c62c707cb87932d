import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { libc } from "../system/libc";
import { processIds, readCommandLine } from "../system/process";

const F_OFD_GETLK = 36;
const F_RDLCK = 0;
const F_UNLCK = 2;

/** Who holds a lock. */
export interface LockHolder {
  pid: number;
  /** Its command line, shortened; empty when it cannot be read. */
  command: string;
}

/**
 * Finds the process whose lock keeps one of this type from being taken. The kernel names the holder of a POSIX
 * lock; the holder of an open file description's lock is the one whose /proc/PID/fdinfo shows it.
 */
export function findLockHolder(fd: number, type: number): LockHolder | undefined {
  const flock = wholeFile(type);
  if (libc().fcntl(fd, F_OFD_GETLK, flock) === -1 || flock.readInt16LE(0) === F_UNLCK) return undefined;
  const pid = flock.readInt32LE(24);
  if (pid > 0) return { pid, command: shortCommand(pid) };
  const owner = findOpenFileLock(fd);
  return owner === undefined ? undefined : { pid: owner, command: shortCommand(owner) };
}

/** True while somebody holds a lock file for writing: what it guards changes at this moment. */
export function isHeldForWriting(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    // Where nobody ever made it, or may look at it, nobody is seen to hold it.
    return false;
  }
  try {
    const flock = wholeFile(F_RDLCK);
    return libc().fcntl(fd, F_OFD_GETLK, flock) === 0 && flock.readInt16LE(0) !== F_UNLCK;
  } finally {
    closeSync(fd);
  }
}

/** A struct flock of the whole file (start 0, length 0, pid 0 as locks of open file descriptions need). */
export function wholeFile(type: number): Buffer {
  const flock = Buffer.alloc(32);
  flock.writeInt16LE(type, 0);
  return flock;
}

function findOpenFileLock(fd: number): number | undefined {
  // Not by its path: somebody may have removed the file.
  const { ino } = fstatSync(fd);
  return processIds().find((pid) => holdsLock(pid, ino));
}

function holdsLock(pid: number, inode: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/fdinfo`).some((fd) => {
      const info = readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8");
      return new RegExp(`^lock:.*:${inode} `, "m").test(info);
    });
  } catch {
    // The process or its descriptor has just gone, or belongs to somebody else: it is not the one we can name.
    return false;
  }
}

function shortCommand(pid: number): string {
  const words = readCommandLine(pid) ?? [];
  const command = words.join(" ");
  return command.length > 60 ? `${command.slice(0, 59)}…` : command;
}
