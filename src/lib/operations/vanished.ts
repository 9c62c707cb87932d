import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger } from "../logger";
import type { Container } from "../oci/container";
import type { ServerView } from "../server-parts";
import { readContainers } from "../storage/containers";
import { isHeldForWriting } from "../storage/lock-holder";

/**
 * True when somebody has removed a container since the server's last update, or does so at this moment: what cannot be
 * read of it is then no fault. Files of records are replaced whole, so that no lock is needed to see whether its record
 * is still there.
 * @throws KpodError CORRUPT, IO when the records cannot be read any more
 */
export function hasVanished(
  { store }: Pick<ServerView, "store">,
  { id, dir }: Pick<Container, "id"> & Partial<Pick<Container, "dir">>,
): boolean {
  // containers/storage removes record and directory side by side, under this lock; so this is asked first.
  const goes = dir !== undefined && !existsSync(dir) && isHeldForWriting(store.layout.containersLock);
  return goes || !readContainers(store.layout, silentLogger).some((record) => record.id === id);
}

/** Milliseconds that a change of the containers is waited for, and between two looks at it. */
const patience = { total: 1_000, step: 10 };

/**
 * The same, asked once nobody changes the containers any more: a removal takes away what belongs to one first, its mount
 * and its layer, and the record last, all of it under their lock.
 * @throws KpodError CORRUPT, IO when the records cannot be read any more
 */
export async function isVanishing(
  server: Pick<ServerView, "store">,
  container: Pick<Container, "id"> & Partial<Pick<Container, "dir">>,
): Promise<boolean> {
  const { containersLock } = server.store.layout;
  for (let waited = 0; waited < patience.total; waited += patience.step) {
    if (hasVanished(server, container)) return true;
    if (!isHeldForWriting(containersLock)) break;
    await sleep(patience.step);
  }
  return hasVanished(server, container);
}
