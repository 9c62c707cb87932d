/**
 * Milliseconds on a clock that only goes forward. node's `performance` tells the same, but loading it takes longer
 * than a short command has.
 */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The most milliseconds that a timer of node takes; it turns longer ones into no time at all. */
export const longestTimer = 2 ** 31 - 1;

/** Waits so many milliseconds, during which nothing else of this process happens. */
export function blockFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
