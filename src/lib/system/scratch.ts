import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** Bytes of files that are looked at and forgotten; the next read overwrites them. It is touched only as far as they go. */
export const scratch = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Reads the beginning of a file into {@link scratch}: less than the price of a text of its own, which matters where a
 * thousand files are read.
 * @returns how many bytes there are; no more than asked for
 * @throws the error of the operating system
 */
export function readIntoScratch(path: string, length = scratch.length): number {
  const fd = openSync(path, "r");
  try {
    return readSync(fd, scratch, 0, length, 0);
  } finally {
    closeSync(fd);
  }
}

/**
 * The text of a file that the kernel gives whole to one call, as those of processes and cgroups are, and that is small
 * nearly always.
 * @throws the error of the operating system
 */
export function readSmallText(path: string, encoding: "utf8" | "latin1"): string {
  const length = readIntoScratch(path);
  return length < scratch.length ? scratch.toString(encoding, 0, length) : readFileSync(path, encoding);
}
