import { mkdirSync, readSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { KpodError, orFileError } from "../errors";
import { findExecutable } from "../system/executable";
import { closing, openRegularFile } from "../system/files";
import { absolutePath } from "../system/paths";
import { firstLine, type ProgramWatch } from "../system/ask-program";
import { runProgram } from "../system/run-program";
import type { ArchivedImage } from "./archive";
import { roomHint } from "./skopeo";

const interrupted = "interrupted while loading an image";

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
export async function unpack(path: string, target: string, watch: ProgramWatch): Promise<boolean> {
  const start = firstBytes(path);
  const found = programs.find(([, magic]) => magic.every((byte, index) => start[index] === byte));
  if (found === undefined) return false;
  const program = findExecutable("", found[0]);
  if (program === undefined) {
    throw new KpodError("UNSUPPORTED", `cannot load ${path}: ${found[0]} is not installed`, {
      hint: "install it, or unpack the archive elsewhere",
    });
  }
  const { failed, stderr } = await runProgram(program, ["-dc"], {
    inputFile: absolutePath("the archive", path),
    stdout: { file: target },
    interrupted,
    ...watch,
  });
  if (failed) throw new KpodError("IO", `cannot unpack ${path}: ${stderr}`, { hint: roomHint(stderr) });
  return true;
}

function firstBytes(path: string): Buffer {
  return orFileError(`cannot load ${path}`, () => {
    return closing(openRegularFile(path).fd, (fd) => {
      const bytes = Buffer.alloc(6);
      return bytes.subarray(0, readSync(fd, bytes, 0, 6, 0));
    });
  });
}

/**
 * Makes layouts of OCI that hold one image each of an archive or layout that holds several: skopeo picks them by name, and
 * some have none. The blobs are not copied; those of an archive are unpacked once, when the first is asked for.
 * @param scratch a directory for files on their way
 * @returns what makes the layout of an entry of the index, and tells its directory; it throws KpodError IO when the
 * archive cannot be unpacked, INTERRUPTED
 */
export function layoutsApart(
  path: string,
  scratch: string,
  transport: ArchivedImage["transport"],
  watch: ProgramWatch,
): (entry: Readonly<Record<string, unknown>>) => Promise<string> {
  let count = 0;
  let whole = transport === "oci" ? Promise.resolve(resolve(path)) : undefined;
  return async (entry) => {
    whole ??= unpackArchive(path, join(scratch, "unpacked"), watch);
    const blobs = join(await whole, "blobs");
    const layout = join(scratch, `apart-${++count}`);
    mkdirSync(layout);
    symlinkSync(blobs, join(layout, "blobs"));
    writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    writeFileSync(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
    return layout;
  };
}

async function unpackArchive(path: string, target: string, watch: ProgramWatch): Promise<string> {
  mkdirSync(target);
  const words = ["--extract", "--no-same-owner", "--no-same-permissions", `--directory=${target}`];
  // From a relative path with a colon tar would read a host's name.
  const result = await runProgram("tar", [...words, `--file=${resolve(path)}`], {
    env: { LC_ALL: "C" },
    interrupted,
    ...watch,
  });
  if (result.failed) {
    const said = firstLine(result.stderr);
    throw new KpodError("IO", `cannot unpack ${path}: ${said}`, { hint: roomHint(said) });
  }
  return target;
}
