import { fstatSync, ftruncateSync, readSync, writeSync } from "node:fs";
import { checked, libc } from "../system/libc";
import { errnoOf } from "../errors";
import type { CopyEntry } from "./entry";
import type { Turns } from "./turns";

const buffer = Buffer.allocUnsafeSlow(1024 * 1024);

/** Bytes that are read of a file that says it has none: those that the kernel makes up say so. */
const mostOfSizeless = 64 * 1024 * 1024;

// lseek(2)
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

/** Bytes that st_blocks counts in. */
const blockUnit = 512;

/**
 * Writes what a file holds into an open one from its beginning on. Holes stay holes, as far as the file that is written is
 * new.
 * @returns the bytes that it has then
 * @throws the error of the operating system; KpodError INTERRUPTED, and what the content throws
 */
export async function copyContent(
  { content, size }: Pick<CopyEntry, "content" | "size">,
  into: number,
  turns: Turns,
  isNew = true,
): Promise<number> {
  if (content === undefined) return 0;
  if (typeof content !== "number") {
    let written = 0;
    for await (const bytes of content) {
      writeWhole(into, bytes, written);
      written += bytes.length;
      await turns.step();
    }
    return written;
  }
  if (size === 0) return copyRange(content, into, 0, mostOfSizeless, turns);
  // As many blocks as it needs, or more: nothing to look for.
  if (!isNew || fstatSync(content).blocks * blockUnit >= size)
    return copyRange(content, into, 0, size, turns);
  return copyWithHoles(content, into, size, turns);
}

async function copyRange(
  from: number,
  into: number,
  start: number,
  end: number,
  turns: Turns,
): Promise<number> {
  let position = start;
  while (position < end) {
    const read = readSync(from, buffer, 0, Math.min(buffer.length, end - position), position);
    if (read === 0) break;
    writeWhole(into, buffer.subarray(0, read), position);
    position += read;
    if (position < end) await turns.step();
  }
  return position;
}

async function copyWithHoles(from: number, into: number, size: number, turns: Turns): Promise<number> {
  for (let position = 0; position < size;) {
    const start = seek(from, position, SEEK_DATA);
    if (start === undefined || start >= size) break;
    const end = Math.min(seek(from, start, SEEK_HOLE) ?? size, size);
    position = await copyRange(from, into, start, end, turns);
    // It has become shorter.
    if (position < end) return position;
    await turns.step();
  }
  ftruncateSync(into, size);
  return size;
}

/** @returns undefined where there is none from there on; what cannot say where its holes are is all data */
function seek(fd: number, offset: number, whence: typeof SEEK_DATA | typeof SEEK_HOLE): number | undefined {
  try {
    return checked("lseek", libc().lseek(fd, offset, whence));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENXIO") return undefined;
    if (errno === "EINVAL" || errno === "ENOTSUP") return whence === SEEK_DATA ? offset : undefined;
    throw error;
  }
}

function writeWhole(fd: number, bytes: Uint8Array, position: number): void {
  for (let written = 0; written < bytes.length;)
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
}
