import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Everything of a file that changes when it is written, replaced, or given other rights; reading changes none. */
export function fileVersion(path: string): string {
  const { ino, mode, uid, gid, size, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
  return [ino, mode.toString(8), uid, gid, size, mtimeNs, ctimeNs].join(" ");
}

/** A directory and all below it, a line each: path and {@link fileVersion}. */
export function listing(directory: string): string[] {
  const below = readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
  return ["", ...below].map((name) => `${name} ${fileVersion(join(directory, name))}`);
}
