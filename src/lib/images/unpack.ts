import { closeSync, readSync } from "node:fs";
import { fileError, KpodError } from "../errors";
import { findExecutable } from "../system/executable";
import { openRegularFile } from "../system/files";
import { absolutePath } from "../system/paths";

/** The programs that unpack, by the first bytes of what they packed. */
const programs: readonly (readonly [string, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
];

/**
 * Unpacks a compressed file. skopeo 1.9 takes docker archives that are compressed for broken ones.
 * @returns false for a file that is not compressed, which is left as it is
 * @throws KpodError IO, UNSUPPORTED without the program that unpacks it, INTERRUPTED
 */
export async function unpack(path: string, target: string, signal?: AbortSignal): Promise<boolean> {
  const start = firstBytes(path);
  const found = programs.find(([, magic]) => magic.every((byte, index) => start[index] === byte));
  if (found === undefined) return false;
  const program = findExecutable("", found[0]);
  if (program === undefined) {
    throw new KpodError("UNSUPPORTED", `cannot load ${path}: ${found[0]} is not installed`, {
      hint: "install it, or unpack the archive elsewhere",
    });
  }
  const { execa } = await import("execa");
  const result = await execa(program, ["-dc"], {
    inputFile: absolutePath("the archive", path),
    stdout: { file: target },
    reject: false,
    cwd: "/",
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  if (result.isCanceled) throw new KpodError("INTERRUPTED", "interrupted while loading an image");
  if (result.failed) throw new KpodError("IO", `cannot unpack ${path}: ${result.stderr.trim()}`);
  return true;
}

function firstBytes(path: string): Buffer {
  try {
    const { fd } = openRegularFile(path);
    try {
      const bytes = Buffer.alloc(6);
      return bytes.subarray(0, readSync(fd, bytes, 0, 6, 0));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw fileError(`cannot load ${path}`, error);
  }
}
