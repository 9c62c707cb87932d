import { setTimeout as sleep } from "node:timers/promises";

/** The longest time that a timer of node takes; it turns longer ones into no time at all. */
const longestTimer = 2 ** 31 - 1;

/**
 * Waits until it is time for the next look.
 * @throws the reason of the signal when it ends the wait
 */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return unlessAborted(sleep(Math.min(Math.max(0, milliseconds), longestTimer)), signal);
}

/**
 * Waits for some work as long as nobody asks to end: a runtime that hangs must not keep Ctrl-C waiting.
 * @throws the reason of the signal
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
