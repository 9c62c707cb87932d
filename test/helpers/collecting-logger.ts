import type { Logger } from "../../src/lib/logger";

/** A logger that keeps the warnings for the test. */
export interface CollectingLogger extends Logger {
  readonly warnings: string[];
}

/** Makes a {@link CollectingLogger}. */
export function collectingLogger(): CollectingLogger {
  const warnings: string[] = [];
  return {
    warnings,
    debug() {},
    info() {},
    warn: (message) => {
      warnings.push(message);
    },
  };
}
