/*
 * The journal of changes: what kpod did and nothing on the node would tell for long, a line of JSON an event, in the
 * runroot, and does not outlive a reboot. It helps whoever watches and is no record that anything stands on: changes write it, looks
 * never do, and what cannot be written is a warning.
 */
import { constants, fstatSync, mkdirSync, readSync, renameSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorMessage, errnoOf, fileError, isNotFound, KpodError } from "../errors";
import type { Logger } from "../logger";
import { lockFileAtOnce } from "../system/file-lock";
import { closing, openRegularFile } from "../system/files";
import type { NotedEvent } from "./event";

/** Bytes from which on the journal is begun anew; the one before is kept. */
const rotateAt = 1024 * 1024;

/** Bytes that a line can have; labels, which are anybody's, are left out of a longer one. */
export const longestLine = 32 * 1024;

/** Where the journal of a store lies: the one that is written to, and the one before it. */
export function eventJournalFiles(runRoot: string): { readonly current: string; readonly before: string } {
  const current = join(runRoot, "kpod-events.jsonl");
  return { current, before: `${current}.1` };
}

/** Writes down what was done. That it cannot be written is a warning: what was done stays done. */
export function noteEvents(runRoot: string, events: readonly NotedEvent[], logger: Logger): void {
  if (events.length === 0) return;
  const { current } = eventJournalFiles(runRoot);
  try {
    append(runRoot, Buffer.concat(events.map((event) => Buffer.from(`${lineOf(event)}\n`))));
  } catch (error) {
    if (!(error instanceof KpodError) && errnoOf(error) === undefined) throw error;
    const what = error instanceof KpodError ? error : fileError(`cannot write ${current}`, error);
    logger.warn(`who watches events may miss this one: ${errorMessage(what)}`);
  }
}

function lineOf(event: NotedEvent): string {
  const line = JSON.stringify(event);
  return Buffer.byteLength(line) < longestLine ? line : JSON.stringify({ ...event, labels: {} });
}

function append(runRoot: string, lines: Buffer): void {
  const { current, before } = eventJournalFiles(runRoot);
  const size = closing(openToAppend(runRoot, current), (fd) => {
    const { size } = fstatSync(fd);
    // A line that broke off, on a full disk, does not take this one with it.
    const text = size === 0 || lastByte(fd, size) === 0x0a ? lines : Buffer.concat([newLine, lines]);
    // In one call, so that lines of several kpods do not mix; a full disk says so of what it did not take.
    for (let written = 0; written < text.length;) written += writeSync(fd, text, written);
    return size + text.length;
  });
  if (size > rotateAt) rotate(current, before);
}

const newLine = Buffer.from("\n");

function openToAppend(runRoot: string, path: string): number {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  try {
    return openRegularFile(path, flags, 0o600).fd;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    // The first change after a boot, or in a new store, finds no run directory.
    mkdirSync(runRoot, { recursive: true, mode: 0o700 });
    return openRegularFile(path, flags, 0o600).fd;
  }
}

function lastByte(fd: number, size: number): number | undefined {
  const byte = Buffer.alloc(1);
  return readSync(fd, byte, 0, 1, size - 1) === 1 ? byte[0] : undefined;
}

/** One at a time, for a second would move away what the first has just begun. Who does not get the lock leaves it to them. */
function rotate(current: string, before: string): void {
  const release = lockFileAtOnce(current, "write");
  if (release === undefined || release === "absent") return;
  try {
    if ((statSync(current, { throwIfNoEntry: false })?.size ?? 0) > rotateAt) renameSync(current, before);
  } finally {
    release();
  }
}
