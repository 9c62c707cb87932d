import { existsSync, statSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "../errors";

/** The watches over the paths at which changes show. */
export interface EventWatches {
  /** Watches these paths, and no others any more. One that is not there yet is waited for. */
  readonly set: (paths: readonly string[]) => void;
  /** True while the kernel has none left for some of them. */
  readonly exhausted: () => boolean;
  readonly close: () => void;
}

/** What inotify says where a limit of the user is reached: of instances, of open files, of watches. */
const usedUp = ["EMFILE", "ENFILE", "ENOSPC"];

/**
 * Watches files and directories by inotify.
 * @param onChange called for each change, and where a watch is lost
 */
export function watchEvents(onChange: () => void): EventWatches {
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: number | undefined }>();
  let exhausted = false;
  const unwatch = (path: string): void => {
    watchers.get(path)?.watcher.close();
    watchers.delete(path);
  };
  const add = (path: string): void => {
    try {
      const inode = inodeOf(path);
      const watcher = watch(path, onChange);
      watchers.set(path, { watcher, inode });
      watcher.on("error", () => {
        unwatch(path);
        onChange();
      });
    } catch (error) {
      const errno = errnoOf(error) ?? "";
      if (usedUp.includes(errno)) exhausted = true;
      // It was removed in this moment: the next look does not name it any more.
      else if (errno !== "ENOENT" && errno !== "ENODEV") throw error;
    }
  };
  return {
    set: (paths) => {
      const wanted = new Set(paths.map(nearestThere));
      for (const [path, { inode }] of watchers) {
        // What was removed is watched no more, also where something new has taken its place.
        if (!wanted.has(path) || inodeOf(path) !== inode) unwatch(path);
      }
      exhausted = false;
      for (const path of wanted) if (!watchers.has(path)) add(path);
    },
    exhausted: () => exhausted,
    close: () => {
      for (const { watcher } of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

/** A path, or the nearest directory above it in which it can appear. */
function nearestThere(path: string): string {
  let found = path;
  while (!existsSync(found) && dirname(found) !== found) found = dirname(found);
  return found;
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
