import { closeSync, constants, openSync, readSync } from "node:fs";
import { uptime } from "node:os";
import { isatty } from "node:tty";
import { errnoOf, ifThere } from "../errors";

/** A line that the kernel itself has written to its log. */
export interface KernelLine {
  /** Milliseconds since 1970; off by the time that the node slept meanwhile. */
  readonly at: number;
  readonly text: string;
}

/** Where the kernel hands its log out, a record a read. */
export const kernelLogFile = "/dev/kmsg";

/** The kernel refuses to read a record into less. */
const largestRecord = 8192;

/** What the log of the kernel holds at the moment, the oldest first; nothing where it may not be read. It is not waited for. */
export function readKernelLog(path: string = kernelLogFile): readonly KernelLine[] {
  const fd = ifThere(() => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), "EACCES", "EPERM");
  if (fd === undefined) return [];
  // In a container of LXC it leads to the console, on which somebody may type.
  if (isatty(fd)) {
    closeSync(fd);
    return [];
  }
  const booted = Date.now() - uptime() * 1000;
  const buffer = Buffer.alloc(largestRecord);
  const lines: KernelLine[] = [];
  try {
    for (;;) {
      const size = readRecord(fd, buffer);
      if (size === 0) return lines;
      const line = kernelLineIn(buffer.toString("utf8", 0, size), booted);
      if (line !== undefined) lines.push(line);
    }
  } finally {
    closeSync(fd);
  }
}

/** 0 at the end. */
function readRecord(fd: number, buffer: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, buffer);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "EAGAIN" || errno === "EPERM") return 0;
      // The record was overwritten meanwhile: the next read goes on with the oldest that there is.
      if (errno !== "EPIPE") throw error;
    }
  }
}

/**
 * `6,339,5140900,-;text`: facility and level, a number, and microseconds since the boot. Lines of dictionaries follow, each
 * behind a blank.
 * @param booted milliseconds since 1970
 */
function kernelLineIn(record: string, booted: number): KernelLine | undefined {
  const [, prefix, time, text] = /^(\d+),\d+,(\d+),[^;]*;([^\n]*)/.exec(record) ?? [];
  // Of another facility is what a program has written there.
  if (text === undefined || Number(prefix) >= 8) return undefined;
  return { at: Math.round(booted + Number(time) / 1000), text };
}
