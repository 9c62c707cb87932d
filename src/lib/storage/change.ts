import type { Logger } from "../logger";
import type { GraphDriver } from "./driver";
import type { StoreLayout } from "./layout";
import { removeStaleWrites } from "./records";
import { deleteIncompleteLayers } from "./removal";
import type { HeldLocks, StoreLocks, WantedLocks } from "./store-locks";
import { removeStaleDirectories, Staging } from "./temp-directories";

/** What of a store its changes work with. */
export interface StoreParts {
  readonly layout: StoreLayout;
  readonly driver: GraphDriver;
  readonly locks: StoreLocks;
  readonly logger: Logger;
}

/**
 * Changes a store under its locks. What the change moves aside is deleted when they are given back, and so is what
 * others left behind.
 * @throws KpodError LOCK_TIMEOUT, INTERRUPTED, and what the action throws
 */
export async function changeStore<const L extends WantedLocks, T>(
  { layout, driver, locks, logger }: StoreParts,
  wanted: L,
  action: (staging: Staging, ...held: HeldLocks<L>) => T | Promise<T>,
): Promise<T> {
  const staging = new Staging(layout.temporaryRoots);
  try {
    const result = await locks.during(wanted, (...held) => {
      const touchOf = (path: string): (() => void) | undefined =>
        held[wanted.findIndex(([lock, kind]) => lock === path && kind === "write")]?.touch;
      const layers = touchOf(layout.layersLock);
      const mounts = touchOf(layout.mountsLock);
      for (const [lock, files] of guardedFiles(layout))
        if (touchOf(lock) !== undefined) removeStaleWrites(files);
      if (layers !== undefined) {
        const touch = { layers, ...(mounts === undefined ? {} : { mounts }) };
        deleteIncompleteLayers({ layout, driver, staging, logger, touch });
      }
      return action(staging, ...held);
    });
    await removeStaleDirectories(layout.temporaryRoots, logger, locks.interruption);
    return result;
  } finally {
    await staging.removeAll(logger, locks.interruption);
  }
}

/** The locks of a store with the files that are written under each. */
function guardedFiles(layout: StoreLayout): readonly (readonly [string, readonly string[]])[] {
  return [
    [layout.layersLock, layout.layersFiles],
    [layout.mountsLock, [layout.mountsFile]],
    [layout.imagesLock, [layout.imagesFile]],
    [layout.containersLock, layout.containersFiles],
  ];
}
