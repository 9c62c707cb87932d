import { KpodError } from "../errors";
import { silentLogger, type Logger } from "../logger";
import { readImageConfig } from "../storage/image-config";
import { persistedImageSizes } from "../storage/layer-sizes";
import type { ImageRecord } from "../storage/records";
import type { Store } from "../storage/store";

/** An image as a list shows it. */
export interface ListedImage {
  id: string;
  /** `REPOSITORY:TAG`; none for an image that lost its names to newer ones. */
  names: string[];
  digest: string;
  /** When it was built; when it came into the store where it does not say. */
  created: Date | undefined;
  /** Bytes of its layers, where the store knows them all; else undefined. */
  size: number | undefined;
}

/** The images of a store, newest first. What cannot be read of an image is left open. @throws KpodError CORRUPT, IO */
export async function listImages(store: Store, logger: Logger = silentLogger): Promise<ListedImage[]> {
  const images = await store.images();
  const sizeOf = await persistedImageSizes(store, logger);
  return images
    .map((image) => ({
      id: image.id,
      names: image.names ?? [],
      digest: image.digest ?? "",
      created: createdOf(store, image),
      size: sizeOf(image),
    }))
    .sort((a, b) => (b.created?.getTime() ?? 0) - (a.created?.getTime() ?? 0));
}

function createdOf(store: Store, image: ImageRecord): Date | undefined {
  const times = [builtAt(store, image), image.created].map((text) => new Date(text ?? ""));
  return times.find((time) => !Number.isNaN(time.getTime()));
}

function builtAt(store: Store, image: ImageRecord): string | undefined {
  try {
    return readImageConfig(store, image).created;
  } catch (error) {
    // A damaged image is still listed; whoever uses it is told.
    if (!(error instanceof KpodError)) throw error;
    return undefined;
  }
}
