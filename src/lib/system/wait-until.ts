import { setTimeout as sleep } from "node:timers/promises";
import { KpodError } from "../errors";
import { monotonicNow } from "./clock";

/** Milliseconds between looks at something that is about to end. */
const lookInterval = 10;

/** How long to wait, and what ends it before. */
export interface WaitLimits {
  /** Milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits until something is so.
 * @param what for the error: `the end of container X`
 * @returns whether it was in time
 * @throws KpodError INTERRUPTED
 */
export async function waitUntil(
  what: string,
  isSo: () => boolean,
  { timeoutMs, signal }: WaitLimits,
): Promise<boolean> {
  const deadline = monotonicNow() + timeoutMs;
  while (!isSo()) {
    if (signal?.aborted === true) throw new KpodError("INTERRUPTED", `interrupted while waiting for ${what}`);
    if (monotonicNow() >= deadline) return false;
    await sleep(lookInterval, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
  return true;
}
