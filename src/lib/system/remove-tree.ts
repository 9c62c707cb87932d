import { lstatSync } from "node:fs";
import { errnoOf, fileError } from "../errors";
import { blockFor } from "./clock";
import { unmountBelow } from "./mount";
import { removeIfThere } from "./remove";

/** Milliseconds between the attempts: some 1.3 s in all. */
const pauses = [10, 20, 40, 80, 160, 320, 640];

/** What says that somebody else is at work in a directory. */
const busy = new Set(["EBUSY", "EEXIST", "ENOTEMPTY"]);

/**
 * Deletes a directory with all in it, having unmounted what is mounted there. What is busy for a moment, because
 * somebody mounts in it or makes files, is tried again.
 * @throws KpodError IO, NOT_PERMITTED
 */
export function removeTree(directory: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      removeOnce(directory);
      return;
    } catch (error) {
      const pause = pauses[attempt];
      if (pause === undefined || !busy.has(errnoOf(error) ?? "")) {
        throw fileError(`cannot remove ${directory}`, error);
      }
      // Locks of the store are held: nothing else of this process may come in between.
      blockFor(pause);
    }
  }
}

function removeOnce(directory: string): void {
  // Of a symbolic link only the link goes: what is mounted where it leads is somebody else's.
  if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) unmountBelow(directory);
  // Its own attempts would not do: they do not look again at what has come into a directory meanwhile.
  removeIfThere(directory, { recursive: true });
}
