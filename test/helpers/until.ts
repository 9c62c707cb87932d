import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until something is so.
 * @throws Error that names it when it is not so within 20 s
 */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within 20 s: ${what}`);
    await sleep(10);
  }
}
