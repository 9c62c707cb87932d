import { constants, openSync, readSync, statSync } from "node:fs";
import { errnoOf } from "../errors";
import { fileLimits, notRegular, readRegularText, closing } from "./files";

/** Bytes of files that are looked at and not kept; the next read overwrites them. It is touched only as far as they go. */
export const scratch = Buffer.allocUnsafeSlow(64 * 1024);

const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Reads the beginning of a file into {@link scratch}: less than the price of a text of its own, which matters where a
 * thousand files are read.
 *
 * What is no regular file makes nobody wait: a FIFO, a socket and a directory refuse to be read at a place, and of a
 * device there is no more than was asked for.
 * @returns how many bytes there are; no more than asked for
 * @throws KpodError CORRUPT for what is no regular file; else the error of the operating system
 */
export function readIntoScratch(path: string, length = scratch.length): number {
  try {
    return readAtStart(path, length);
  } catch (error) {
    if (readRefusals.has(errnoOf(error))) refuseIrregular(path);
    throw error;
  }
}

function readAtStart(path: string, length: number): number {
  return closing(openSync(path, readFlags), (fd) => readSync(fd, scratch, 0, length, 0));
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
