import { lstatSync, rmSync } from "node:fs";
import { fileError } from "../errors";
import { unmountBelow } from "./mount";

/**
 * Deletes a directory with all in it, having unmounted what is mounted there. What is busy for a moment, because
 * somebody mounts in it or makes files, is tried again.
 * @throws KpodError IO, NOT_PERMITTED
 */
export function removeTree(directory: string): void {
  try {
    // Of a symbolic link only the link goes: what is mounted where it leads is somebody else's.
    if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) unmountBelow(directory);
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  } catch (error) {
    throw fileError(`cannot remove ${directory}`, error);
  }
}
