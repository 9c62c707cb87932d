import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until something is so.
 * @throws Error that names it when it is not so within so many seconds
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 60,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(10);
  }
}
