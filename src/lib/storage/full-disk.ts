import { errnoOf, KpodError } from "../errors";

const full: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT"]);

/**
 * Does what takes something away, in steps that can be done again. On a full disk there is no room for the records
 * without it, nor for a directory to move it to; then what goes anyway makes room.
 * @param makeRoom deletes it
 */
export function makingRoom(makeRoom: () => void, takeAway: () => void): void {
  try {
    takeAway();
  } catch (error) {
    if (!full.has(errnoOf(error instanceof KpodError ? error.cause : error))) throw error;
    makeRoom();
    takeAway();
  }
}
