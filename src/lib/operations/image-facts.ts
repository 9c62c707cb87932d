import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import { imageCreatedBy, shownImageConfig, type ShownImageConfig } from "../images/config-data";
import { shownImageName } from "../images/shown-name";
import type { Container } from "../oci/container";
import { textMap } from "../oci/state/container-state";
import { readImageConfig, readImageManifest, type ImageConfigFile } from "../storage/image-config";
import type { ImageRecord } from "../storage/records";
import { readableImages } from "./readable-images";
import type { TolerantRead } from "./tolerant";

/** What a container's image says of it. */
export interface ImageFacts {
  /** The name of the image. */
  Image: string;
  ImageAnnotations: Record<string, string>;
  CreatedBy: string;
  Config: ShownImageConfig;
}

/**
 * Reads what a container's image says; all but its name is empty when the image is gone or damaged, or nobody can read
 * which images there are.
 */
export async function imageFacts(
  server: ContainerServer,
  container: Container,
  read: TolerantRead,
): Promise<ImageFacts> {
  const { store } = server;
  const images = await readableImages(server);
  const record = images?.find(({ id }) => id === container.imageId);
  const nothing: { manifest: Record<string, unknown>; file: ImageConfigFile } = { manifest: {}, file: {} };
  const { manifest, file } = read(nothing, () => {
    if (images === undefined) return nothing;
    const image = present(record, container);
    const found = readImageManifest(store, image);
    return { manifest: found, file: readImageConfig(store, image, found) };
  });
  const names = new Map([[container.imageId, record?.names ?? []]]);
  return {
    Image: read(container.imageName, () => shownImageName(container, names)),
    ImageAnnotations: textMap(manifest.annotations),
    CreatedBy: imageCreatedBy(file),
    Config: shownImageConfig(file),
  };
}

function present(record: ImageRecord | undefined, { imageId }: Container): ImageRecord {
  if (record !== undefined) return record;
  throw new KpodError("NOT_FOUND", `its image ${imageId.slice(0, 13)} is not in the store`);
}
