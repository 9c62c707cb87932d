import { KpodError } from "../errors";
import type { Logger } from "../logger";

/** Reads something; where that fails, it gives the other value instead. */
export type TolerantRead = <T>(otherwise: T, read: () => T) => T;

/**
 * Reads what it can of a sick container or pod: a part that cannot be read is left open, with one warning for
 * each cause.
 * @param what the container or pod, for the warnings
 */
export function tolerantRead(logger: Logger, what: string): TolerantRead {
  const told = new Set<string>();
  return (otherwise, read) => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      if (!told.has(error.message)) logger.warn(`${what}: ${error.message}`);
      told.add(error.message);
      return otherwise;
    }
  };
}
