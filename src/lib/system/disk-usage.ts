import { lstatSync, readdirSync, type Stats } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { errnoOf, fileError, isNotFound, KpodError } from "../errors";

/** Directories that are read between two looks at Ctrl-C. */
const directoriesAtOnce = 64;

/** How a tree is measured. */
export interface DiskUsageOptions {
  /** A copy of the tree as it was before: what is still the same as there is not counted. */
  base?: string | undefined;
  /** Ends the walk with INTERRUPTED. */
  signal?: AbortSignal | undefined;
}

/**
 * The bytes of all files below a directory, as they would read: holes count, directories do not, a file with
 * several hard links counts once, symbolic links are not followed. Files that vanish meanwhile are passed over.
 * The sizes are those that containers/storage gives to what a layer changed.
 * @throws KpodError NOT_FOUND when the directory itself is not there, NOT_PERMITTED, IO, INTERRUPTED
 */
export async function diskUsage(directory: string, options: DiskUsageOptions = {}): Promise<number> {
  const { base, signal } = options;
  const counted = new Set<string>();
  // Names are bytes: as text, one that is not valid UTF-8 would name a file that does not exist.
  const waiting = [Buffer.from("/")];
  let bytes = 0;
  if (list(directory, "") === undefined) {
    throw new KpodError("NOT_FOUND", `cannot measure ${directory}: it does not exist`);
  }
  for (let read = 0; ; read++) {
    const path = waiting.pop();
    if (path === undefined) return bytes;
    if (read % directoriesAtOnce === directoriesAtOnce - 1) await nextTurn();
    if (signal?.aborted === true) {
      throw new KpodError("INTERRUPTED", `interrupted while measuring ${directory}`, {
        cause: signal.reason,
      });
    }
    for (const name of list(directory, path) ?? []) {
      const entry = Buffer.concat([path, name]);
      const stats = look(directory, entry);
      if (stats === undefined) continue;
      if (stats.isDirectory()) waiting.push(Buffer.concat([entry, Buffer.from("/")]));
      else if (isFirstLink(stats, counted) && !isSame(stats, base, entry)) bytes += stats.size;
    }
  }
}

function isFirstLink(stats: Stats, counted: Set<string>): boolean {
  if (stats.nlink === 1) return true;
  const key = `${stats.dev}:${stats.ino}`;
  if (counted.has(key)) return false;
  counted.add(key);
  return true;
}

/** What containers/storage compares (statDifferent) to tell whether a copied file was changed. */
function isSame(stats: Stats, base: string | undefined, entry: Buffer): boolean {
  const before = base === undefined ? undefined : look(base, entry);
  return (
    before !== undefined &&
    (["mode", "uid", "gid", "rdev", "size", "mtimeMs"] as const).every((key) => before[key] === stats[key])
  );
}

function list(directory: string, path: Buffer | string): Buffer[] | undefined {
  return unlessGone(directory, () =>
    readdirSync(Buffer.concat([Buffer.from(directory), Buffer.from(path)]), { encoding: "buffer" }),
  );
}

function look(directory: string, path: Buffer): Stats | undefined {
  return unlessGone(directory, () => lstatSync(Buffer.concat([Buffer.from(directory), path])));
}

function unlessGone<T>(directory: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    // ESTALE is the same on a network file system.
    if (isNotFound(error) || errnoOf(error) === "ESTALE") return undefined;
    throw fileError(`cannot measure ${directory}`, error);
  }
}
