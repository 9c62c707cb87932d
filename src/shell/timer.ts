import { setTimeout as sleep } from "node:timers/promises";
import { longestTimer } from "../lib/system/clock";

/**
 * Waits until it is time for the next look.
 * @throws the reason of the signal when it ends the wait
 */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(Math.min(Math.max(0, milliseconds), longestTimer), undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
