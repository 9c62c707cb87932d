import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmdirSync, writeSync } from "node:fs";
import { errnoOf, errorMessage, fileError, isNotFound, KpodError } from "../errors";
import { randomBytes } from "./random";
import { removeIfThere } from "./remove";

/**
 * Replaces a file so that a reader sees the old one or the new one whole, also after a crash: written
 * beside it, synced, renamed over it. The temporary file is removed when anything fails.
 */
export function writeFileAtomic(path: string, data: string | Buffer, mode: number): void {
  const temporary = `${path}.tmp-${randomBytes(6).toString("hex")}`;
  try {
    const fd = openSync(temporary, "wx", mode);
    try {
      const bytes = typeof data === "string" ? Buffer.from(data) : data;
      let written = 0;
      while (written < bytes.length) written += writeSync(fd, bytes, written);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    removeIfThere(temporary);
    throw fileError(`cannot write ${path}`, error);
  }
}

// Node copies options that are given as a word, at every call.
const asText = { encoding: "utf8", flag: "r" } as const;

/** The text of a file, undefined when it is not there. */
export function readTextIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, asText);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw fileError(`cannot read ${path}`, error);
  }
}

/** The bytes of a file, none when it is not there. */
export function readBytesIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isNotFound(error)) return Buffer.alloc(0);
    throw fileError(`cannot read ${path}`, error);
  }
}

/**
 * Parses the JSON text of a file.
 * @throws KpodError CORRUPT that names the file when the text is not JSON
 */
export function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KpodError("CORRUPT", `${path} does not hold valid JSON: ${errorMessage(error)}`, {
      hint: "restore the file from a backup or move it away",
      cause: error,
    });
  }
}

/** True for what JSON calls an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Removes a directory when nothing is in it; one that is not there is fine. */
export function removeDirectoryIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY" && !isNotFound(error)) throw error;
  }
}
