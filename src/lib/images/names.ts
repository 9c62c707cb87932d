import { annotations } from "../oci/annotations";
import type { Container } from "../oci/container";
import { isImageName, meantImageNames } from "../names/image-names";
import { meantName, namedImage } from "../storage/images";
import type { ImageRecord } from "../storage/records";

/** What a container's maker persists of the name of its image. */
export interface PersistedImageName {
  /** As it was asked for; the image's own name where it was meant by its id. */
  requested: string;
  /** A name that the image bears: the one that was meant, else its first. */
  own: string;
}

/**
 * The names of an image that may stand in the annotations and the metadata of a container: at its start CRI-O removes
 * a container whose persisted name it cannot parse, an id for example, and takes the beginning of an id for a name of
 * docker.io. "" where the image has none.
 * @param wanted what the user, or the configuration, called it
 */
export function imageNameToPersist(image: ImageRecord, wanted: string): PersistedImageName {
  const meant = meantName(image, wanted);
  const own = [...(meant === undefined ? [] : [meant]), ...(image.names ?? [])].find(isImageName) ?? "";
  const byName = meant !== undefined || !isImageId(image, wanted);
  return { own, requested: byName && isImageName(wanted) ? wanted : own };
}

function isImageId({ id }: ImageRecord, wanted: string): boolean {
  return id.startsWith(wanted.replace(/^sha256:/, ""));
}

/**
 * True when a name that a user gives means an image: its last parts are enough (`busybox` for
 * `docker.io/library/busybox:latest`), and without a tag every tag fits.
 * @param wanted `busybox`, `library/busybox:1.36`, `registry.example/app@sha256:…`
 * @param name the image's name with its registry
 */
export function imageNameMatches(wanted: string, name: string): boolean {
  return [name, withoutDigest(name), withoutTag(withoutDigest(name))].some(
    (candidate) => candidate === wanted || candidate.endsWith(`/${wanted}`),
  );
}

/**
 * True when what a user writes, to choose among images, fits a name: by its last parts as {@link imageNameMatches} has
 * it, as docker completes it, or with `*` and `?` for any characters but `/`.
 */
export function imageReferenceMatches(wanted: string, name: string): boolean {
  if (/[*?]/.test(wanted)) {
    const pattern = wanted
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", "[^/]*")
      .replaceAll("?", "[^/]");
    return new RegExp(`^(?:.*/)?${pattern}(?::[^/]*)?(?:@.*)?$`).test(name);
  }
  return imageNameMatches(wanted, name) || meantImageNames(wanted).names.includes(name);
}

/** True for a name that a pattern of `pinned_images` means: as it stands, its beginning (`a*`), or what it holds (`*a*`). */
function isPinnedName(pattern: string, name: string): boolean {
  const text = pattern.replace(/^\*|\*$/g, "");
  if (text === "") return false;
  if (!pattern.endsWith("*")) return meantImageNames(pattern).names.includes(name);
  return pattern.startsWith("*") ? name.includes(text) : name.startsWith(text);
}

/**
 * The images that are never pruned: the pause image, and those that the configuration pins.
 * @returns their ids
 */
export function pinnedImages(
  images: readonly Pick<ImageRecord, "id" | "names" | "digest">[],
  config: { readonly pauseImage: string; readonly pinnedImages: readonly string[] },
): ReadonlySet<string> {
  const pause = namedImage(images, config.pauseImage);
  const pinned = images.filter(({ names }) =>
    names?.some((name) => config.pinnedImages.some((pattern) => isPinnedName(pattern, name))),
  );
  return new Set([...(pause === undefined ? [] : [pause]), ...pinned].map(({ id }) => id));
}

function withoutDigest(name: string): string {
  return name.replace(/@[^@]*$/, "");
}

/** A colon before the last slash belongs to the port of a registry. */
function withoutTag(name: string): string {
  return name.replace(/:[^:/]*$/, "");
}

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
