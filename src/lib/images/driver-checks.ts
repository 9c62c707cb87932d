import { readdirSync } from "node:fs";
import { join } from "node:path";
import { KpodError, ifThere } from "../errors";
import type { Store } from "../storage/store";
import { removeTree } from "../system/remove-tree";

/**
 * What a program that opens a store makes in the driver's home, for a moment, to try what the kernel's overlay can do:
 * `compat1149334422` (containers/storage, drivers/overlay). No layer is called so.
 */
const checkName = /^[a-z][a-z-]*\d+$/;

/** The names of such checks that there are. */
export function driverChecks({ layout: { root, driver } }: Pick<Store, "layout">): string[] {
  return ifThere(() => readdirSync(join(root, driver)).filter((name) => checkName.test(name))) ?? [];
}

/**
 * Removes the checks of a program that was ended in the middle of them, under the lock that is held while a store is
 * opened. What hinders that is a warning.
 * @param before those that were there
 */
export async function removeNewChecks(store: Store, before: readonly string[]): Promise<void> {
  const isNew = (name: string): boolean => !before.includes(name);
  if (!driverChecks(store).some(isNew)) return;
  const { root, driver } = store.layout;
  const lock = join(root, "storage.lock");
  try {
    await store.uninterrupted(() =>
      store.locks.during([[lock, "write"]] as const, () => {
        for (const name of driverChecks(store).filter(isNew)) removeTree(join(root, driver, name));
      }),
    );
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    store.logger.warn(`directories of skopeo may be left in ${join(root, driver)}: ${error.message}`);
  }
}
