import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, fileError, orFileError } from "../errors";
import { randomBytes } from "./random";

/** Of open(2): a file that no directory names. Node has no constant for it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** What file systems and old kernels say that have no such files. */
const withoutIt: ReadonlySet<string | undefined> = new Set(["EOPNOTSUPP", "EISDIR", "EINVAL"]);

/**
 * Makes a file that has no name: it is gone with the last descriptor of it, however this process ends. Others open it by
 * `/proc/self/fd/N` of a descriptor that they inherit.
 * @param directory on whose file system it lies
 * @returns a descriptor for reading and writing, for the caller to close
 * @throws KpodError NOT_PERMITTED, IO
 */
export function openAnonymousFile(directory: string, text = ""): number {
  const fd = openNameless(directory);
  try {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length;) {
      written += writeSync(fd, bytes, written, bytes.length - written, written);
    }
    return fd;
  } catch (error) {
    closeSync(fd);
    throw fileError(`cannot write a file in ${directory}`, error);
  }
}

function openNameless(directory: string): number {
  try {
    return openSync(directory, O_TMPFILE | constants.O_RDWR, 0o600);
  } catch (error) {
    if (!withoutIt.has(errnoOf(error))) throw fileError(`cannot make a file in ${directory}`, error);
  }
  const path = join(directory, `.kpod-${randomBytes(6).toString("hex")}`);
  return orFileError(`cannot make a file in ${directory}`, () => {
    const fd = openSync(path, "wx+", 0o600);
    rmSync(path);
    return fd;
  });
}
