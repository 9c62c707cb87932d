import { setTimeout as sleep } from "node:timers/promises";
import { longestTimer } from "../lib/system/clock";
import type { BaseContext } from "./context";

/**
 * Does something again and again, each time so many seconds after it was begun the time before.
 *
 * @throws InterruptedError on Ctrl-C, which alone ends it
 */
export async function repeat(
  { signal: interrupted, unlessInterrupted }: Pick<BaseContext, "signal" | "unlessInterrupted">,
  seconds: number,
  action: () => Promise<void>,
): Promise<never> {
  const signal = interrupted();
  for (;;) {
    const next = performance.now() + seconds * 1000;
    await unlessInterrupted(action());
    const rest = Math.min(Math.max(0, next - performance.now()), longestTimer);
    await sleep(rest, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  }
}
