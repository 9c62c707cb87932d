/**
 * Milliseconds on a clock that only goes forward. node's `performance` tells the same, but loading it takes longer
 * than a short command has.
 */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
