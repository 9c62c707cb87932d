import { lstatSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";

/** Everything of a file that changes when it is written, replaced, or given other rights; reading changes none. */
export function fileVersion(path: string): string {
  const { ino, mode, uid, gid, size, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
  return [ino, mode.toString(8), uid, gid, size, mtimeNs, ctimeNs].join(" ");
}

/** The paths of all below a directory, in order; what a symbolic link leads to is not below. */
export function pathsBelow(directory: string): string[] {
  // Without the types of the entries, node goes on into directories that links lead to.
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.map(({ parentPath, name }) => relative(directory, join(parentPath, name))).sort();
}

/** A directory and all below it, a line each: path and {@link fileVersion}. */
export function listing(directory: string): string[] {
  return ["", ...pathsBelow(directory)].map((name) => `${name} ${fileVersion(join(directory, name))}`);
}
