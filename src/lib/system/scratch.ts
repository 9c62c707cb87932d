import { closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { errnoOf } from "../errors";
import { fileLimits, notRegular, readRegularText } from "./files";
import { checked, loadedLibc, systemError, type Libc } from "./libc";

/** Bytes of files that are looked at and forgotten; the next read overwrites them. It is touched only as far as they go. */
export const scratch = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Reads the beginning of a file into {@link scratch}: half the price of a text of its own, which matters where a
 * thousand files are read. Node's own calls take as long again as the kernel does, and so those of the C library are
 * taken, where somebody has loaded it already.
 *
 * What is no regular file makes nobody wait: a FIFO, a socket and a directory refuse to be read at a place, and of a
 * device there is no more than was asked for.
 * @returns how many bytes there are; no more than asked for
 * @throws KpodError CORRUPT for what is no regular file; else the error of the operating system
 */
export function readIntoScratch(path: string, length = scratch.length): number {
  const libc = loadedLibc();
  try {
    // For the C library a path ends at a NUL; node refuses such a path.
    return libc === undefined || path.includes("\0")
      ? readByNode(path, length)
      : readByLibc(libc, path, length);
  } catch (error) {
    if (readRefusals.has(errnoOf(error))) refuseIrregular(path);
    throw error;
  }
}

/** What reading at a place says of a FIFO or terminal, a directory, a socket. */
const readRefusals: ReadonlySet<string | undefined> = new Set(["ESPIPE", "EAGAIN", "EISDIR", "ENXIO"]);

function refuseIrregular(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === false) throw notRegular(path, stat);
}

/**
 * The text of a file that the kernel gives whole to one call, as those of processes and cgroups are, and that is small
 * nearly always.
 * @throws the error of the operating system
 */
export function readSmallText(path: string, encoding: "utf8" | "latin1"): string {
  const length = readIntoScratch(path);
  return length < scratch.length
    ? scratch.toString(encoding, 0, length)
    : readRegularText(path, fileLimits.kernel, encoding);
}

function readByNode(path: string, length: number): number {
  const fd = openSync(path, readFlags);
  try {
    return readSync(fd, scratch, 0, length, 0);
  } finally {
    closeSync(fd);
  }
}

const O_CLOEXEC = 0o2000000;
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

function readByLibc(libc: Libc, path: string, length: number): number {
  const fd = checked("open", libc.open(path, readFlags | O_CLOEXEC), path);
  const count = libc.pread(fd, scratch, length, 0);
  // Before the descriptor is closed, which would overwrite the errno.
  const errno = count === -1 ? libc.errno() : 0;
  libc.close(fd);
  if (count === -1) throw systemError("read", errno, path);
  return count;
}
