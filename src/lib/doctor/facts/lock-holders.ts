import { closeSync, openSync } from "node:fs";
import { ifThere } from "../../errors";
import { findLockHolder, type LockHolder } from "../../storage/lock-holder";
import type { StoreLayout } from "../../storage/layout";
import { readProcessStat, readWaitChannel } from "../../system/process";

/** The lock that keeps everybody else out, as fcntl(2) has it: what stands against a reader. */
const F_RDLCK = 0;

/** Somebody who holds a lock of the store for writing. */
export interface HeldStoreLock extends LockHolder {
  readonly path: string;
  /** What tells this holding from another one, as long as it lasts. */
  readonly name: string;
  /** What the holder waits for in the kernel; "" for nothing. */
  readonly waits: string;
}

/** Who holds which lock of the store at the moment, this process aside. */
export function heldStoreLocks({
  layersLock,
  imagesLock,
  containersLock,
  mountsLock,
}: StoreLayout): readonly HeldStoreLock[] {
  return [layersLock, imagesLock, containersLock, mountsLock].flatMap((path): HeldStoreLock[] => {
    const fd = ifThere(() => openSync(path, "r"));
    if (fd === undefined) return [];
    try {
      const holder = findLockHolder(fd, F_RDLCK);
      if (holder === undefined || holder.pid === process.pid) return [];
      const { pid } = holder;
      const name = `${path} is held by ${pid} ${readProcessStat(pid)?.startTime ?? ""}`;
      return [{ ...holder, path, name, waits: readWaitChannel(pid) }];
    } finally {
      closeSync(fd);
    }
  });
}
