import { closeSync, constants, fstatSync, mkdirSync, openSync, readlinkSync } from "node:fs";
import { constants as system } from "node:os";
import { errnoOf, isNotFound, KpodError } from "../errors";
import { isNullDevice, notRegular, O_PATH, readWhole, closing } from "./files";
import { libc, systemError } from "./libc";

/** As many as the kernel follows. */
const mostLinks = 40;

/** How a path is looked up. */
export interface OpenInRootOptions {
  /** False opens a symbolic link at the end of the path itself. */
  readonly follow?: boolean;
}

/**
 * Finds what a path means to a process inside a container's root, while programs of the container may change it: nothing
 * leads out of the root. The kernel looks it up, or where it cannot (before 5.6) {@link walkInRoot}.
 * @returns a descriptor that refers to the file (O_PATH), for the caller to close; see {@link pathOfDescriptor}
 * @throws KpodError BAD_ARGUMENT when the links go round in circles; else the error of the operating system
 */
export function openInRoot(root: string, path: string, options: OpenInRootOptions = {}): number {
  return openByKernel(root, path, options) ?? walkInRoot(root, path, options);
}

/**
 * The same part by part: each is opened below the directory that is open already, symbolic links are followed by reading
 * them, and `..` goes back to the directory that was open before.
 */
export function walkInRoot(root: string, path: string, { follow = true }: OpenInRootOptions = {}): number {
  return walk(
    root,
    path,
    (directory, name) => openSync(below(directory, name), O_PATH | constants.O_NOFOLLOW),
    follow,
  );
}

// The same number on all architectures that node runs on but mips, whose kernel says that it knows no such call.
const SYS_openat2 = 437;
const RESOLVE_IN_ROOT = 0x10;
const O_CLOEXEC = 0o2000000;

/** How often somebody may move directories about while the kernel looks a path up. */
const mostAttempts = 100;

const { EAGAIN, E2BIG, EINVAL, ELOOP, ENOSYS, EPERM } = system.errno;

/** @returns undefined where the kernel cannot, or those who filter calls do not let it */
function openByKernel(root: string, path: string, { follow = true }: OpenInRootOptions): number | undefined {
  // struct open_how { u64 flags, mode, resolve; } in the byte order of the machine
  const flags = O_PATH | O_CLOEXEC | (follow ? 0 : constants.O_NOFOLLOW);
  const how = new BigUint64Array([BigInt(flags), 0n, BigInt(RESOLVE_IN_ROOT)]);
  const bytes = Buffer.from(`${path.replace(/\/+$/, "") || "."}\0`);
  return closing(openSync(root, O_PATH | constants.O_DIRECTORY), (top) => {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const found = libc().syscallWithPath(SYS_openat2, top, bytes, Buffer.from(how.buffer), how.byteLength);
      if (found !== -1) return found;
      const errno = libc().errno();
      if (errno === EAGAIN) continue;
      if ([E2BIG, EINVAL, ENOSYS, EPERM].includes(errno)) return undefined;
      if (errno === ELOOP) throw inCircles(path);
      throw systemError("openat2", errno, path);
    }
    return undefined;
  });
}

function inCircles(path: string): KpodError {
  return new KpodError("BAD_ARGUMENT", `too many symbolic links in ${path} of the container`);
}

/** The path by which a descriptor can be opened for reading or writing, and what lies in a directory be reached. */
export function pathOfDescriptor(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/**
 * Reads a regular file inside a container's root; undefined where there is none.
 * @param limit bytes that a file of its kind can have
 * @throws KpodError CORRUPT when it is no regular file or larger, BAD_ARGUMENT when links go round in circles; else
 * the error of the operating system
 */
export function readInRoot(root: string, path: string, limit: number): Buffer | undefined {
  const shown = `${path} of the container`;
  let found: number;
  try {
    found = openInRoot(root, path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(found);
    if (isNullDevice(stat)) return Buffer.alloc(0);
    if (!stat.isFile()) throw notRegular(shown, stat);
    return closing(openSync(pathOfDescriptor(found), constants.O_RDONLY | constants.O_NONBLOCK), (fd) =>
      readWhole(fd, shown, stat.size, limit),
    );
  } finally {
    closeSync(found);
  }
}

/**
 * Makes a directory inside a container's root, with its parents; one that is there is fine.
 * @throws KpodError BAD_ARGUMENT when links go round in circles; else the error of the operating system: ENOTDIR where
 * something else is in the way
 * @param mode of what is made, whatever the umask is; 0755 by default, as far as that leaves it
 */
export function makeDirectoryInRoot(root: string, path: string, mode?: number): void {
  const found = walk(root, path, (directory, name) => {
    try {
      if (mode === undefined) mkdirSync(below(directory, name), { mode: 0o755 });
      else mkdirPastUmask(below(directory, name), mode);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    return openSync(below(directory, name), O_PATH | constants.O_NOFOLLOW);
  });
  try {
    // A directory is what can be opened as one.
    closeSync(openSync(`${pathOfDescriptor(found)}/.`, O_PATH | constants.O_DIRECTORY));
  } finally {
    closeSync(found);
  }
}

/** Not by chmod(2) of what is there afterwards: a container may have put something else in its place. */
function mkdirPastUmask(path: string, mode: number): void {
  const umask = process.umask(0);
  try {
    mkdirSync(path, { mode });
  } finally {
    process.umask(umask);
  }
}

function below(directory: number, name: string): string {
  return `${pathOfDescriptor(directory)}/${name}`;
}

/**
 * @param open opens a part, not following it where it is a link; throws ENOENT where there is none
 * @param follow false leaves the last part as it is
 */
function walk(
  root: string,
  path: string,
  open: (directory: number, name: string) => number,
  follow = true,
): number {
  const opened = [openSync(root, O_PATH | constants.O_DIRECTORY)];
  // From the last part to the first.
  const pending = path.split("/").reverse();
  let links = 0;
  try {
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      const current = opened.at(-1) ?? -1;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (opened.length > 1) closeSync(opened.pop() ?? -1);
        continue;
      }
      const fd = open(current, part);
      opened.push(fd);
      if (!fstatSync(fd).isSymbolicLink()) continue;
      if (!follow && pending.every((rest) => rest === "" || rest === ".")) break;
      closeSync(opened.pop() ?? -1);
      if (++links > mostLinks) throw inCircles(path);
      const target = readLink(below(current, part));
      // Somebody has just put something else there.
      if (target === undefined) {
        pending.push(part);
        continue;
      }
      if (target.startsWith("/")) for (const directory of opened.splice(1)) closeSync(directory);
      for (const name of target.split("/").reverse()) pending.push(name);
    }
    return opened.pop() ?? -1;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (errnoOf(error) === "EINVAL" || isNotFound(error)) return undefined;
    throw error;
  }
}
