import { KpodError } from "../errors";
import type { ImageNames } from "../images/names";
import type { Logger } from "../logger";
import type { ImageRecord } from "../storage/records";
import type { Store } from "../storage/store";

interface Source {
  readonly store: Store;
  readonly logger: Logger;
}

const told = new WeakMap<Store, string>();

/**
 * The images of a store, for who shows something else and can do without them.
 * @returns undefined where their records cannot be read, with a warning for the first time
 * @throws KpodError INTERRUPTED
 */
export async function readableImages({ store, logger }: Source): Promise<ImageRecord[] | undefined> {
  try {
    return await store.images();
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    if (told.get(store) !== error.message)
      logger.warn(`${error.message}: what images would tell is left open`);
    told.set(store, error.message);
    return undefined;
  }
}

/** The names of the images that can be read. @throws KpodError INTERRUPTED */
export async function readableImageNames(source: Source): Promise<ImageNames> {
  const images = (await readableImages(source)) ?? [];
  return new Map(images.map(({ id, names }) => [id, names ?? []]));
}
