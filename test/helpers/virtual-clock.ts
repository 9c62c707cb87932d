import type { LockClock } from "../../src/lib/storage/lock-budget";

/** A clock on which time passes only while somebody waits, and then at once. */
export interface VirtualClock extends LockClock {
  /** Milliseconds that were waited by now. */
  readonly waited: number;
}

/** Makes a {@link VirtualClock}; `onWait` is called before each wait. */
export function virtualClock(onWait: (waited: number) => void | Promise<void> = () => {}): VirtualClock {
  let time = 0;
  return {
    get waited() {
      return time;
    },
    now: () => time,
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      await onWait(time);
      time += milliseconds;
      // As with the real one, others have their turn meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
