import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/index";
import { orFileError } from "../errors";
import { acquireLock, type LockOptions } from "./lock-file";

/** What of the configuration says which files are locks. */
export type StateLockConfig = Pick<Config, "fileLocking" | "lockPath" | "runRoot" | "sources">;

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

/**
 * The lock of the state of a store: of the kpods that work on it, not of those that work on another store of the same
 * machine. Where the configuration is that of a CRI-O 1.0, its lock file, which is the node's, is taken first.
 */
export function storeStateLock(config: StateLockConfig, options: LockOptions): StateLock {
  if (!config.fileLocking) return memoryStateLock();
  const ofStore = fileStateLock(join(config.runRoot, "kpod.lock"), options);
  const inStore: StateLock = async (action) => {
    makeRunRoot(config.runRoot);
    return ofStore(action);
  };
  if (!locksAsBefore(config)) return inStore;
  const ofNode = fileStateLock(config.lockPath, options);
  return (action) => ofNode(() => inStore(action));
}

/** The first change after a boot, or in a new store, finds no run directory. */
function makeRunRoot(path: string): void {
  orFileError(`cannot make ${path}`, () => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  });
}

/** True where keys of CRI-O 1.0 up to 1.15 say that it takes a lock file; later ones have none. */
function locksAsBefore({ sources }: StateLockConfig): boolean {
  return sources.has("lockPath") || sources.has("fileLocking");
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
