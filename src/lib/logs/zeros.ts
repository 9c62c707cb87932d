import { fstatSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { errnoOf, fileError, throwIfInterrupted } from "../errors";
import { libc, systemError } from "../system/libc";
import { readAt, type LogFile } from "./log-file";

// Where somebody truncates a log, conmon goes on at the offset it was at: a hole stands before, of any size, and
// where the log was copied since, as many zeros.

const blockSize = 256 * 1024;
const zeros = Buffer.alloc(blockSize);

/** Blocks after which others get their turn: a Ctrl-C is heard only then. */
const blocksPerTurn = 32;

/** SEEK_DATA of lseek. */
const seekData = 3;

/** What a loop over the blocks of a log calls before each. @throws KpodError INTERRUPTED when the signal is aborted */
export type Pace = () => Promise<void> | void;

/** Makes a pace: it gives way after some blocks, and ends the loop once the signal is aborted. */
export function paceOf(signal: AbortSignal | undefined): Pace {
  let blocks = 0;
  return () => {
    throwIfInterrupted(signal, "reading a log");
    return ++blocks % blocksPerTurn === 0 ? giveWay(signal) : undefined;
  };
}

async function giveWay(signal: AbortSignal | undefined): Promise<void> {
  await turn();
  throwIfInterrupted(signal, "reading a log");
}

/** True when nothing but zeros stands in bytes, no more of them than a block has. */
export function isBlank(bytes: Buffer): boolean {
  return bytes[0] === 0 && bytes.equals(zeros.subarray(0, bytes.length));
}

/** Offset of the first byte of a block from an offset on that is not zero. */
export function endOfZeros(block: Buffer, start: number): number {
  let at = start;
  while (block[at] === 0) at++;
  return at;
}

/**
 * Where the file has data, from an offset on; its size when only a hole follows. Of a file system that keeps no
 * holes the same offset.
 * @throws KpodError IO
 */
export function nextData(file: LogFile, offset: number): number {
  const found = libc().lseek(file.fd, offset, seekData);
  if (found !== -1) return found;
  const error = systemError("lseek", libc().errno(), file.path);
  if (errnoOf(error) === "ENXIO") return Math.max(offset, fstatSync(file.fd).size);
  if (errnoOf(error) === "EINVAL") return offset;
  throw fileError(`cannot read the log ${file.path}`, error);
}

/**
 * Where the hole begins that ends at an offset, no further back than another; the same offset when none ends there.
 * @throws KpodError IO
 */
export function beginOfHole(file: LogFile, from: number, end: number): number {
  let begin = end;
  // The kernel seeks forward only: further and further back as long as there is nothing, then nearer and nearer.
  for (let step = blockSize; begin > from;) {
    const probe = Math.max(from, begin - step);
    if (nextData(file, probe) >= begin) {
      begin = probe;
      step *= 2;
    } else if (step <= blockSize) {
      break;
    } else {
      step = Math.max(blockSize, step / 4);
    }
  }
  return begin;
}

/**
 * Offset of the first byte of a file from an offset on that is not zero.
 * @param to what to return when there is none before
 * @throws KpodError IO, INTERRUPTED
 */
export async function skipZeros(file: LogFile, from: number, to: number, pace: Pace): Promise<number> {
  const block = Buffer.allocUnsafe(Math.min(blockSize, Math.max(0, to - from)));
  for (let offset = from; offset < to;) {
    await pace();
    const bytes = readAt(file, block.subarray(0, Math.min(block.length, to - offset)), offset);
    if (bytes.length === 0) break;
    if (!isBlank(bytes)) return offset + endOfZeros(bytes, 0);
    offset = nextData(file, offset + bytes.length);
  }
  return to;
}
