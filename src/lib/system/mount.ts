import { existsSync, readFileSync, realpathSync } from "node:fs";
import { errnoOf, KpodError, ifThere } from "../errors";
import { checked, libc } from "./libc";

/** Flags of mount(2), see linux/mount.h. */
export const mountFlags = {
  readonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  noatime: 1024,
  nodiratime: 2048,
  bind: 4096,
  recursive: 16384,
  private: 1 << 18,
  slave: 1 << 19,
  relatime: 1 << 21,
} as const;

const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

/** What mount(2) needs. */
export interface MountRequest {
  source: string;
  target: string;
  /** The type of the file system; none for binds and changes of propagation. */
  type?: string;
  /** Sum of {@link mountFlags}. */
  flags?: number;
  /** The options that the file system itself reads. */
  data?: string;
}

/** Mounts. @throws an error of the operating system that names the target */
export function mount(request: MountRequest): void {
  const { source, target, type = null, flags = 0, data = null } = request;
  checked("mount", libc().mount(source, target, type, flags, data), target);
}

/**
 * Has what is mounted at a place, and below it, share nothing with other mounts any more. A place where nothing is mounted is
 * fine. @throws an error of the operating system
 */
export function stopSharing(target: string): void {
  try {
    mount({ source: "none", target, flags: mountFlags.recursive | mountFlags.private });
  } catch (error) {
    if (errnoOf(error) !== "EINVAL") throw error;
  }
}

/**
 * The options of a mount in which all files have an SELinux label; none for "".
 * @throws KpodError BAD_ARGUMENT for what is no label, with which other options could come
 */
export function labelOptions(label: string): string[] {
  if (!/^[\w.:,-]*$/.test(label)) {
    throw new KpodError("BAD_ARGUMENT", `${JSON.stringify(label)} is not an SELinux label`, {
      hint: "a label is USER:ROLE:TYPE:LEVEL",
    });
  }
  return label === "" ? [] : [`context="${label}"`];
}

/** Has one mount only be read. @throws an error of the operating system */
export function remountReadOnly(target: string): void {
  const flags = mountFlags.bind | mountFlags.remount | mountFlags.readonly;
  mount({ source: "none", target, flags });
}

/**
 * Unmounts one mount, at once also when it is busy (it disappears from the tree now and ends with its last
 * user). A place where nothing is mounted, or that is not there, is fine.
 * @param options.busy false has one that is busy refused (EBUSY), and follows no symbolic link
 * @returns whether there was a mount
 */
export function unmount(target: string, { busy = true }: { readonly busy?: boolean } = {}): boolean {
  try {
    checked("umount2", libc().umount2(target, busy ? MNT_DETACH : UMOUNT_NOFOLLOW), target);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === "EINVAL" || code === "ENOENT") return false;
    throw error;
  }
}

/**
 * Unmounts one mount that nobody uses. A place where nothing is mounted, or that is not there, is fine.
 * @returns whether there was a mount
 * @throws KpodError BAD_STATE where somebody uses it
 */
export function unmountUnused(target: string): boolean {
  try {
    return unmount(target, { busy: false });
  } catch (error) {
    if (errnoOf(error) !== "EBUSY") throw error;
    throw new KpodError("BAD_STATE", `${target} is in use and stays mounted`, {
      hint: "see fuser -vm, end what uses it, and try again",
      cause: error,
    });
  }
}

/** One line of /proc/PID/mountinfo, as far as kpod reads it. */
export interface MountInfo {
  /** What of the file system is mounted: `/` for all of it. */
  root: string;
  /** Where it is mounted. */
  target: string;
  /** Type of the file system. */
  type: string;
  /** What is mounted, by its device or its server: `/dev/vda`, `server:/export`. */
  source: string;
  /** The mount's fields like `shared:1`; a private mount has none. */
  propagation: string[];
  /** Options of the file system itself: the controllers of a cgroup hierarchy are among them. */
  superOptions: string[];
}

/**
 * The mounts of this process, oldest first.
 * @param typesFrom how the wanted types begin: a node has a mount for each of its containers, and few of another type
 */
export function readMounts(text = readMountInfo(), typesFrom = ""): MountInfo[] {
  return text
    .split("\n")
    .filter((line) => line.includes(` - ${typesFrom}`))
    .map((line) => {
      const fields = line.split(" ");
      const separator = fields.indexOf("-");
      return {
        root: unescapeMount(fields[3] ?? ""),
        target: unescapeMount(fields[4] ?? ""),
        type: fields[separator + 1] ?? "",
        source: unescapeMount(fields[separator + 2] ?? ""),
        propagation: fields.slice(6, separator),
        superOptions: (fields[separator + 3] ?? "").split(","),
      };
    });
}

/** What the kernel lists of the mounts of this process. Below the root of a mounted node, /proc may be that of a namespace in which this process is not. */
export function readMountInfo(): string {
  const paths = ["/proc/self/mountinfo", "/proc/1/mountinfo"];
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new KpodError("IO", "cannot read /proc/self/mountinfo: /proc is not mounted");
  return readFileSync(path, "utf8");
}

/** True where the kernel tells what is mounted. */
export function showsMounts(): boolean {
  return existsSync("/proc/self/mountinfo") || existsSync("/proc/1/mountinfo");
}

/** True when something is mounted at exactly this path, which symbolic links may lead to. */
export function isMountPoint(path: string): boolean {
  const target = realPath(path);
  return readMounts().some((entry) => entry.target === target);
}

/** A path as the kernel lists its mounts: without symbolic links. One that is not there stays as it is. */
export function realPath(path: string): string {
  return ifThere(() => realpathSync(path)) ?? path;
}

/** A path of /proc/PID/mountinfo, in which blanks, tabs, line ends and backslashes stand as octal (proc(5)). */
export function unescapeMount(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
