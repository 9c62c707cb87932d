import { existsSync, statSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "../errors";

/** The watches over the places where changes show. */
export interface EventWatches {
  /** Watches these places, and no others any more. One that is not there yet is waited for. */
  readonly set: (places: readonly string[]) => void;
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
  const drop = (place: string): void => {
    watchers.get(place)?.watcher.close();
    watchers.delete(place);
  };
  const add = (place: string): void => {
    try {
      const inode = inodeOf(place);
      const watcher = watch(place, onChange);
      watchers.set(place, { watcher, inode });
      watcher.on("error", () => {
        drop(place);
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
    set: (places) => {
      const wanted = new Set(places.map(nearestThere));
      for (const [place, { inode }] of watchers) {
        // What was removed is watched no more, also where something new has taken its place.
        if (!wanted.has(place) || inodeOf(place) !== inode) drop(place);
      }
      exhausted = false;
      for (const place of wanted) if (!watchers.has(place)) add(place);
    },
    exhausted: () => exhausted,
    close: () => {
      for (const { watcher } of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

/** A place, or the nearest directory above it in which it can appear. */
function nearestThere(place: string): string {
  let found = place;
  while (!existsSync(found) && dirname(found) !== found) found = dirname(found);
  return found;
}

function inodeOf(place: string): number | undefined {
  return statSync(place, { throwIfNoEntry: false })?.ino;
}
