import { setTimeout as sleep } from "node:timers/promises";
import { monotonicNow } from "../system/clock";

/** The time by which waits are counted, and by which they pass. */
export interface LockClock {
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** Rejects when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}

const systemClock: LockClock = {
  now: monotonicNow,
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
};

/**
 * How long somebody may wait for locks altogether. Only waits count, and those at the same time count once. When it
 * is used up, a lock is still had where nobody else holds it.
 */
export class LockBudget {
  private spent = 0;
  private waiters = 0;
  private since = 0;

  /** @param limitMs milliseconds for all waits together; 0 for ever */
  constructor(
    readonly limitMs: number,
    readonly clock: LockClock = systemClock,
  ) {}

  /** Milliseconds that were waited so far. */
  get spentMs(): number {
    return this.spent + (this.waiters > 0 ? this.clock.now() - this.since : 0);
  }

  /** Milliseconds that are left for waits. */
  get leftMs(): number {
    return this.limitMs === 0 ? Infinity : Math.max(0, this.limitMs - this.spentMs);
  }

  /** Counts the time of a wait. */
  async during<T>(wait: () => Promise<T>): Promise<T> {
    if (this.waiters++ === 0) this.since = this.clock.now();
    try {
      return await wait();
    } finally {
      const now = this.clock.now();
      this.spent += now - this.since;
      this.since = now;
      this.waiters--;
    }
  }
}
