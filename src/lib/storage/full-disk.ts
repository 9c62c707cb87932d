import { errnoOf, KpodError } from "../errors";
import { removeTree } from "../system/remove-tree";

/**
 * Rewrites records so that they lose those of a container. On a full disk there is no room for the new records;
 * then the container's own files, which go anyway, make it.
 * @param directory of those files
 */
export function dropMakingRoom(directory: string, dropRecords: () => void): void {
  try {
    dropRecords();
  } catch (error) {
    if (!(error instanceof KpodError) || errnoOf(error.cause) !== "ENOSPC") throw error;
    removeTree(directory);
    dropRecords();
  }
}
