import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { LockBudget } from "./lock-budget";
import {
  acquireLock,
  lockOptionsOf,
  signalOf,
  type HeldLock,
  type LockKind,
  type LockOptions,
  type LockWait,
} from "./lock-file";

/** Locks in the order in which they are taken: the path of each, and how it is held. */
export type WantedLocks = readonly (readonly [string, LockKind])[];

/** What is held while an action runs, in the order in which it was wanted. */
export type HeldLocks<L extends WantedLocks> = { [K in keyof L]: HeldLock };

/** Milliseconds that a rollback may wait for locks, when the work before it has used up what it had. */
const rollbackLimit = 10_000;

/** The locks of a store: how they are taken, and how long somebody waits for them. */
export class StoreLocks {
  private readonly options: LockOptions;
  private uninterruptedActions = 0;
  private rollbackBudget: LockBudget | undefined;
  /** The locks of which it was said that reading goes on without them: once is enough. */
  private readonly toldObstacles = new Set<string>();

  /**
   * @param root of the store; below one that is not there no directory is made for a lock
   * @param logger is told of waits, and of what is read without its lock
   */
  constructor(
    private readonly root: string,
    wait: LockWait,
    private readonly logger: Logger,
  ) {
    this.options = lockOptionsOf(wait, logger);
  }

  /**
   * Takes the locks in the order given, acts, and gives them back whatever happens. Nothing in it waits for others.
   * @throws KpodError LOCK_TIMEOUT, INTERRUPTED
   */
  async during<const L extends WantedLocks, T>(
    wanted: L,
    action: (...locks: HeldLocks<L>) => T | Promise<T>,
  ): Promise<T> {
    const held: HeldLock[] = [];
    try {
      for (const [path, kind] of wanted) {
        if (kind === "write" && existsSync(this.root))
          mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        held.push(await acquireLock(path, kind, this.wait));
      }
      return await action(...(held as HeldLocks<L>));
    } finally {
      for (const lock of held.reverse()) lock.release();
    }
  }

  /**
   * Reads under a lock, or without it where it cannot be had.
   * @throws KpodError INTERRUPTED, and what the action throws
   */
  async reading<T>(path: string, action: () => T): Promise<T> {
    let held: HeldLock | undefined;
    let obstacle: KpodError | undefined;
    try {
      held = await acquireLock(path, "read", this.wait);
    } catch (error) {
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
      obstacle = error;
    }
    try {
      const result = action();
      if (obstacle !== undefined) this.tellObstacle(path, obstacle);
      return result;
    } finally {
      held?.release();
    }
  }

  /**
   * Reads under several locks, taken in the order given, as all records at one moment: without those that cannot be had.
   * @throws KpodError INTERRUPTED, and what the action throws
   */
  async readingAll<T>(paths: readonly string[], action: () => T): Promise<T> {
    const held: HeldLock[] = [];
    try {
      for (const path of paths) {
        try {
          held.push(await acquireLock(path, "read", this.wait));
        } catch (error) {
          if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
          this.tellObstacle(path, error);
        }
      }
      return action();
    } finally {
      for (const lock of held.reverse()) lock.release();
    }
  }

  /**
   * Does something during which the signal does not end a wait for a lock: a rollback, since a Ctrl-C that ended it
   * would leave half of what was begun behind. It has a time of its own to wait for locks, since what failed may have
   * failed for want of time.
   */
  async uninterrupted<T>(action: () => Promise<T>): Promise<T> {
    if (this.uninterruptedActions++ === 0) {
      const { clock } = this.options.budget ?? {};
      this.rollbackBudget = new LockBudget(rollbackLimit, clock);
    }
    try {
      return await action();
    } finally {
      this.uninterruptedActions--;
    }
  }

  private tellObstacle(path: string, { message }: KpodError): void {
    if (this.toldObstacles.has(path)) return;
    this.toldObstacles.add(path);
    this.logger.warn(`${message}: reading without it`);
  }

  /** What ends a wait now; nothing during a rollback. */
  get interruption(): AbortSignal | undefined {
    return signalOf(this.wait.signal);
  }

  /** How locks are waited for at this moment: for those beside the store's own. */
  get wait(): LockOptions {
    return this.uninterruptedActions > 0
      ? { ...this.options, signal: undefined, budget: this.rollbackBudget }
      : this.options;
  }
}
