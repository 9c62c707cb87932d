import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { describeErrno, fileError, isNotFound, KpodError, orFileError } from "../errors";

/** A log that is open for reading. */
export interface LogFile {
  readonly path: string;
  readonly fd: number;
  /** Bytes it had when it was opened. */
  readonly size: number;
  readonly device: number;
  readonly inode: number;
  /** Its first bytes when it was opened. */
  readonly head: Buffer;
}

/** Bytes at the beginning of a log by which it is known again: its first line has the time to the nanosecond. */
export const headSize = 64;

/** Without waiting for whoever else has to open it, and without a terminal becoming that of kpod. */
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Opens a log, also a rotated one.
 * @throws KpodError NOT_FOUND when it is missing, CORRUPT when it is no regular file, NOT_PERMITTED, IO
 */
export function openLogFile(path: string): LogFile {
  let fd: number;
  try {
    // Asked before: to open a device may already do something, and a socket cannot be opened.
    if (!statSync(path).isFile()) throw notRegular(path);
    fd = openSync(path, openFlags);
  } catch (error) {
    if (error instanceof KpodError) throw error;
    if (isNotFound(error)) {
      throw new KpodError("NOT_FOUND", `cannot open the log ${path}: ${describeErrno(error)}`, {
        cause: error,
      });
    }
    throw fileError(`cannot open the log ${path}`, error);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw notRegular(path);
    return { path, fd, size: stat.size, device: stat.dev, inode: stat.ino, head: readHead({ path, fd }) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function notRegular(path: string): KpodError {
  return new KpodError("CORRUPT", `the log ${path} is not a regular file`);
}

/** Closes a log. */
export function closeLogFile(file: LogFile): void {
  closeSync(file.fd);
}

/** Reads the first bytes of a log, as many as there are up to {@link headSize}. @throws KpodError IO */
export function readHead(file: Pick<LogFile, "path" | "fd">): Buffer {
  return readAt(file, Buffer.alloc(headSize), 0);
}

/**
 * Reads what stands at an offset, as much as the buffer holds or the file has.
 * @returns the bytes, in the buffer
 * @throws KpodError IO
 */
export function readAt(file: Pick<LogFile, "path" | "fd">, buffer: Buffer, position: number): Buffer {
  let length = 0;
  orFileError(`cannot read the log ${file.path}`, () => {
    while (length < buffer.length) {
      const count = readSync(file.fd, buffer, length, buffer.length - length, position + length);
      if (count === 0) break;
      length += count;
    }
  });
  return buffer.subarray(0, length);
}
