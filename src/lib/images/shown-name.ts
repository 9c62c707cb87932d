import type { Container } from "../oci/container";
import { annotations } from "../oci/annotations";

/** The names of images by their ids. */
export type ImageNames = ReadonlyMap<string, readonly string[]>;

/**
 * True where a container's record has no name of its image, but its id, the beginning of that, or a bare digest: the
 * kubelet asks for images so.
 */
export function isNamelessImage({ imageName, imageId }: Pick<Container, "imageName" | "imageId">): boolean {
  if (imageName === "" || /^(?:sha\d+:)?[0-9a-f]{64,128}$/.test(imageName)) return true;
  return /^[0-9a-f]{3,63}$/.test(imageName) && imageId.startsWith(imageName);
}

/**
 * The name of a container's image: as it was asked for, where that is one. Else the name that the image has in the store;
 * where it has none any more, the one it had when the container was made.
 * @param names of the store's images
 * @throws KpodError CORRUPT where only the spec could tell
 */
export function shownImageName(container: Container, names: ImageNames): string {
  const { imageName, imageId } = container;
  if (!isNamelessImage(container)) return imageName;
  const found = bestName(names.get(imageId));
  if (found !== undefined) return found;
  const before = container.annotation(annotations.imageName);
  return isNamelessImage({ imageName: before, imageId }) ? imageName : before;
}

/** Of the names of an image the one to show: with a tag, where it has such. */
export function bestName(names: readonly string[] = []): string | undefined {
  return names.find((name) => !name.includes("@")) ?? names[0];
}
