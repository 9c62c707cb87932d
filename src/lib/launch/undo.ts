import { errorMessage } from "../errors";
import type { Logger } from "../logger";

/** Notes how to take back each step of a work of many steps, for when a later one fails. */
export interface Undo {
  /** @param what for the warning when taking it back fails, for example `remove the log file` */
  add(what: string, action: () => unknown): void;
}

/**
 * Does a work of many steps, all or none: when it fails, what it had done is taken back in reverse order, and
 * the failure is thrown on. A step that cannot be taken back is a warning, and the others still are.
 */
export async function withUndo<T>(logger: Logger, work: (undo: Undo) => Promise<T>): Promise<T> {
  const steps: { what: string; action: () => unknown }[] = [];
  try {
    return await work({
      add: (what, action) => {
        steps.push({ what, action });
      },
    });
  } catch (error) {
    for (const { what, action } of steps.reverse()) {
      try {
        await action();
      } catch (failure) {
        logger.warn(`could not ${what} after a failure: ${errorMessage(failure)}`);
      }
    }
    throw error;
  }
}
