import { acquireLock, type LockOptions } from "./storage/lock-file";

/** Runs actions one at a time. */
export type StateLock = <T>(action: () => Promise<T>) => Promise<T>;

/**
 * Keeps the changes of state of all kpods on a node apart by a lock file, as libkpod 1.0 did
 * (`file_locking`). It is of the same make as the lock files of the store.
 */
export function fileStateLock(path: string, options: LockOptions): StateLock {
  const inProcess = memoryStateLock();
  // Through the queue of this process first: its own turn should not count against the time limit.
  return (action) =>
    inProcess(async () => {
      const lock = await acquireLock(path, "write", options);
      try {
        return await action();
      } finally {
        lock.release();
      }
    });
}

/** Keeps the changes of state of one process apart; others on the node are not kept out. */
export function memoryStateLock(): StateLock {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(action: () => Promise<T>): Promise<T> => {
    const turn = last.then(action, action);
    last = turn.catch(() => {});
    return turn;
  };
}
