import { existsSync } from "node:fs";
import { basename, dirname, isAbsolute, join, normalize, resolve } from "node:path";
import { isNotFound, KpodError } from "../errors";
import { realPath } from "./mount";

/**
 * A path that somebody gave as an absolute one. Only a relative path asks where kpod was called from, which may have
 * been removed since.
 * @param what what the path is of, as the error names it: `--root`
 * @throws KpodError BAD_ARGUMENT for a relative path in a directory that is gone
 */
export function absolutePath(what: string, path: string): string {
  if (isAbsolute(path)) return normalize(path).replace(/(?<=.)\/$/, "");
  try {
    return resolve(path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new KpodError(
      "BAD_ARGUMENT",
      `${what}: ${path} is relative, and the working directory has been removed`,
      {
        hint: "give an absolute path, or change to another directory",
        cause: error,
      },
    );
  }
}

/** Letters of a path in an error at each of its ends. */
const shownAtEachEnd = 100;

/** A path for an error, which is one line: of a very long one, as a program in a container can make it, the ends. */
export function shortPath(path: string): string {
  if (path.length <= 2 * shownAtEachEnd) return path;
  return `${path.slice(0, shownAtEachEnd)}…${path.slice(-shownAtEachEnd)}`;
}

/** True when two paths lead to one place. */
export function isSamePath(one: string, other: string): boolean {
  return one === other || resolved(one) === resolved(other);
}

/** A path without symbolic links, of which the end need not be there: CRI-O says /var/run where others say /run. */
function resolved(path: string): string {
  const parent = dirname(path);
  return existsSync(path) || parent === path ? realPath(path) : join(resolved(parent), basename(path));
}

/** True for a path that lies below a directory, whatever symbolic links lead to either. */
export function isWithinDirectory(path: string, directory: string): boolean {
  const within = (one: string, other: string): boolean => one.startsWith(`${other.replace(/\/+$/, "")}/`);
  return within(path, directory) || within(resolved(path), resolved(directory));
}
