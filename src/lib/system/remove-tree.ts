import { lstatSync, rmdirSync, unlinkSync } from "node:fs";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { KpodError } from "../errors";
import { errnoOf, fileError, isNotFound, throwIfInterrupted } from "../errors";
import { blockFor } from "./clock";
import { removeInodeFlags } from "./inode-flags";
import { namesTo, walkTree, type TreeStep } from "./tree";
import { unmountBelow } from "./unmount-below";

/** Milliseconds between the attempts: some 1.3 s in all. */
const pauses = [10, 20, 40, 80, 160, 320, 640];

/** What says that somebody else is at work in a directory: the last two, that files and directories change places. */
const busy = new Set(["EBUSY", "EEXIST", "ENOTEMPTY", "EISDIR", "ENOTDIR"]);

/** Entries that are deleted between two looks at Ctrl-C. */
const entriesAtOnce = 1_000;

/** Letters of a path within the directory that an error shows. */
const longestPath = 80;

/** How a directory is removed. */
export interface RemoveTreeOptions {
  /** Leaves the directory itself, empty. */
  keepTop?: boolean;
}

/**
 * Deletes a directory with all in it, having unmounted what is mounted there: of any depth, whatever its names, and
 * nothing outside of it, also where somebody moves directories and symbolic links about meanwhile. Flags that keep
 * root from deleting (chattr(1)) are removed. What is busy for a moment, because somebody mounts in it or makes
 * files, is tried again. What is not there is fine; of a symbolic link the link alone goes.
 * @throws KpodError IO, NOT_PERMITTED; what could be deleted is gone even so
 */
export function removeTree(directory: string, options: RemoveTreeOptions = {}): void {
  for (const pause of removal(directory, options)) {
    // Locks of the store may be held: nothing else of this process may come in between.
    if (pause > 0) blockFor(pause);
  }
}

/**
 * The same for a directory that may hold hundreds of thousands of files, and that no lock guards: the rest of the
 * process goes on meanwhile.
 * @param signal ends it; what is left can be removed later
 * @throws KpodError IO, NOT_PERMITTED, INTERRUPTED
 */
export async function removeLargeTree(directory: string, signal?: AbortSignal): Promise<void> {
  let entries = 0;
  for (const pause of removal(directory, {})) {
    if (pause > 0) await sleep(pause);
    else if (++entries % entriesAtOnce === 0) await nextTurn();
    throwIfInterrupted(signal, `removing ${directory}`);
  }
}

/** Yields after each entry the milliseconds to wait before the next: none but between attempts. */
function* removal(directory: string, options: RemoveTreeOptions): Generator<number> {
  for (let attempt = 0; ; attempt++) {
    const failure = yield* removeOnce(directory, options);
    if (failure === undefined) return;
    const pause = pauses[attempt];
    if (pause === undefined || !busy.has(errnoOf(failure.cause) ?? "")) throw failure;
    yield pause;
  }
}

/** @returns what the first entry that could not be deleted said; the others are gone */
function* removeOnce(directory: string, options: RemoveTreeOptions): Generator<0, KpodError | undefined> {
  let failure: KpodError | undefined;
  try {
    const stats = lstatSync(directory, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (!stats.isDirectory()) {
      // What is mounted where a symbolic link leads is somebody else's.
      unlinkSync(directory);
      return undefined;
    }
    unmountBelow(directory);
    for (const step of walkTree(directory)) {
      try {
        removeEntry(step);
      } catch (error) {
        failure ??= fileError(`cannot remove ${directory}/${shownPath(step)}`, error);
      }
      yield 0;
    }
    if (failure === undefined && options.keepTop !== true) {
      unlessLocked([directory], () => {
        rmdirSync(directory);
      });
    }
    return failure;
  } catch (error) {
    return isNotFound(error) ? undefined : (failure ?? fileError(`cannot remove ${directory}`, error));
  }
}

function removeEntry({ kind, directory, name }: TreeStep): void {
  const path = directory.at(name);
  try {
    unlessLocked([directory.at("."), path], () => {
      if (kind === "file") unlinkSync(path);
      else rmdirSync(path);
    });
  } catch (error) {
    // Where somebody has just put a file in the place of a directory, or the other way round, the next attempt sees it.
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ESTALE") throw error;
  }
}

/** Does something once more where flags of these places stood against it, having taken them off. */
function unlessLocked(places: readonly (Buffer | string)[], action: () => void): void {
  try {
    action();
  } catch (error) {
    if (errnoOf(error) !== "EPERM") throw error;
    const taken = places.map((place) => removeInodeFlags(place));
    if (!taken.includes(true)) throw error;
    action();
  }
}

/** The path of an entry as an error tells it: whole where it is short, else its last name. */
function shownPath({ directory, name }: TreeStep): string {
  const path = namesTo(directory, name).join("/");
  if (path.length <= longestPath) return path;
  const last = name.toString();
  return `…/${last.length <= longestPath ? last : `${last.slice(0, longestPath / 2)}…${last.slice(-longestPath / 2)}`}`;
}
