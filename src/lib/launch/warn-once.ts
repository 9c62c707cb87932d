import type { Logger } from "../logger";

const told = new WeakMap<Logger, Set<string>>();

/** Warns of what concerns a pod and each of its containers, but is to be said once. */
export function warnOnce(logger: Logger, message: string): void {
  const before = told.get(logger) ?? new Set();
  told.set(logger, before);
  if (before.has(message)) return;
  before.add(message);
  logger.warn(message);
}
