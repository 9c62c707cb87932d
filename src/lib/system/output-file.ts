import {
  closeSync,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { fileError, KpodError, ifThere } from "../errors";
import { removeIfThere } from "./files";
import { randomBytes } from "./random";
import { windowSize } from "./streams";

/** A file for what a command makes. It is there whole, or as it was before. */
export interface OutputFile {
  /** Where it is until it is in its place: another program may write there. */
  readonly path: string;
  /** @throws KpodError IO, NOT_PERMITTED */
  readonly write: (bytes: Uint8Array) => void;
  /** Puts it in its place. @throws KpodError IO, NOT_PERMITTED */
  readonly finish: () => void;
  /** Removes it as far as it has come; one that is finished stays. */
  readonly abandon: () => void;
}

/**
 * Opens a file to write to. What is there and no regular file, a pipe for example, is written to as it is; all else is
 * written beside the file and renamed over it. A new one gets the mode as far as the umask leaves it; one that was there
 * keeps its own, but for what is secret.
 * @throws KpodError BAD_ARGUMENT for a terminal; IO, NOT_PERMITTED
 */
export function openOutputFile(path: string, mode = 0o644, { secret = false } = {}): OutputFile {
  const failed = (error: unknown): KpodError => fileError(`cannot write ${path}`, error);
  try {
    const leadsTo = ifThere(() => statSync(path), "ELOOP");
    const direct = leadsTo !== undefined && !leadsTo.isFile();
    // A pipe that a shell has opened, as `>(…)`, is called by a link that leads nowhere by its text.
    const target = direct ? path : followed(path);
    const present = direct ? leadsTo : lstatSync(target, { throwIfNoEntry: false });
    const temporary = direct ? undefined : `${target}.tmp-${randomBytes(6).toString("hex")}`;
    const fd = openSync(temporary ?? target, temporary === undefined ? "w" : "wx", mode);
    if (fstatSync(fd).isCharacterDevice() && windowSize(fd) !== undefined) {
      closeSync(fd);
      throw new KpodError("BAD_ARGUMENT", `${path} is a terminal`, { hint: "name a file" });
    }
    if (present !== undefined && temporary !== undefined && !secret) fchmodSync(fd, present.mode & 0o7777);
    let finished = false;
    return {
      path: temporary ?? target,
      write: (bytes) => {
        try {
          for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
        } catch (error) {
          throw failed(error);
        }
      },
      finish: () => {
        finished = true;
        try {
          closeSync(fd);
          if (temporary !== undefined) renameSync(temporary, target);
        } catch (error) {
          if (temporary !== undefined) removeIfThere(temporary);
          throw failed(error);
        }
      },
      abandon: () => {
        if (finished) return;
        closeSync(fd);
        if (temporary !== undefined) removeIfThere(temporary);
      },
    };
  } catch (error) {
    throw failed(error);
  }
}

/** Writes a text to a file, which is there whole, or as it was before. @throws KpodError as {@link openOutputFile} */
export function writeOutputFile(path: string, text: string): void {
  const file = openOutputFile(path);
  try {
    file.write(Buffer.from(text));
  } catch (error) {
    file.abandon();
    throw error;
  }
  file.finish();
}

/** Where a symbolic link leads, so that it stays one. */
function followed(path: string): string {
  return ifThere(() => realpathSync(path), "ELOOP") ?? path;
}
