import { errorMessage } from "../errors";
import type { Logger } from "../logger";

/** Gets how to roll back each step of a work of many steps, for when a later one fails. */
export interface Rollback {
  /** @param what for the warning when it fails, for example `remove the log file` */
  add(what: string, action: () => unknown): void;
}

/**
 * Does a work of many steps, all or none: when it fails, what it had done is rolled back in reverse order, and
 * the failure is thrown on. A step that cannot be rolled back is a warning, and the others still are.
 */
export async function withRollback<T>(logger: Logger, work: (rollback: Rollback) => Promise<T>): Promise<T> {
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
