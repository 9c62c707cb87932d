import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import { imageCreatedBy, shownImageConfig, type ShownImageConfig } from "../images/config-data";
import type { Container } from "../oci/container";
import { textMap } from "../oci/state";
import { readImageConfig, readImageManifest, type ImageConfigFile } from "../storage/image-config";
import type { ImageRecord } from "../storage/records";
import type { TolerantRead } from "./tolerant";

/** What a container's image says of it. */
export interface ImageFacts {
  ImageAnnotations: Record<string, string>;
  CreatedBy: string;
  Config: ShownImageConfig;
}

/** Reads what a container's image says; all is empty when the image is gone or damaged. */
export async function imageFacts(
  server: ContainerServer,
  container: Container,
  read: TolerantRead,
): Promise<ImageFacts> {
  const { store } = server;
  const record = (await store.images()).find(({ id }) => id === container.imageId);
  const nothing: { manifest: Record<string, unknown>; file: ImageConfigFile } = { manifest: {}, file: {} };
  const { manifest, file } = read(nothing, () => {
    const image = present(record, container);
    const found = readImageManifest(store, image);
    return { manifest: found, file: readImageConfig(store, image, found) };
  });
  return {
    ImageAnnotations: textMap(manifest.annotations),
    CreatedBy: imageCreatedBy(file),
    Config: shownImageConfig(file),
  };
}

function present(record: ImageRecord | undefined, { imageId }: Container): ImageRecord {
  if (record !== undefined) return record;
  throw new KpodError("NOT_FOUND", `its image ${imageId.slice(0, 13)} is not in the store`);
}
