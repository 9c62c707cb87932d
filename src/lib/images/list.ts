import { imageDigest } from "./digest";
import { tolerate } from "../errors";
import { silentLogger, type Logger } from "../logger";
import type { StorageId } from "../names/ids";
import { readImageConfig, type ImageConfigFile } from "../storage/image-config";
import { persistedImageSizes } from "../storage/layer-sizes";
import type { ImageRecord } from "../storage/records";
import type { Store } from "../storage/store";
import { textMap } from "../system/go-json";

/** An image as a list shows it. */
export interface ListedImage {
  id: StorageId;
  /** `REPOSITORY:TAG`; none for an image that lost its names to newer ones. */
  names: string[];
  /** Of its manifest; "" only where the store has lost that. */
  digest: string;
  /** When it was built; when it came into the store where it does not say. */
  created: Date | undefined;
  /** Bytes of its layers, where the store knows them all; else undefined. */
  size: number | undefined;
  labels: Readonly<Record<string, string>>;
}

/** The images of a store, newest first. What cannot be read of an image is left open. @throws KpodError CORRUPT, IO */
export async function listImages(store: Store, logger: Logger = silentLogger): Promise<ListedImage[]> {
  const images = await store.images();
  const sizeOf = await persistedImageSizes(store, logger);
  return images
    .map((image) => {
      const file = configOf(store, image);
      return {
        id: image.id,
        names: image.names ?? [],
        digest: imageDigest(store, image),
        created: createdOf(image, file),
        size: sizeOf(image),
        labels: textMap(file?.config?.Labels),
      };
    })
    .sort((a, b) => (b.created?.getTime() ?? 0) - (a.created?.getTime() ?? 0));
}

function createdOf(image: ImageRecord, file: ImageConfigFile | undefined): Date | undefined {
  const times = [file?.created, image.created].map((text) => new Date(text ?? ""));
  return times.find((time) => !Number.isNaN(time.getTime()));
}

function configOf(store: Store, image: ImageRecord): ImageConfigFile | undefined {
  // A damaged image is still listed; whoever uses it is told.
  return tolerate(undefined, () => readImageConfig(store, image));
}
