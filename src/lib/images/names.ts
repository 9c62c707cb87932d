import { annotations } from "../oci/annotations";
import type { Container } from "../oci/container";
import { meantName } from "../storage/images";
import type { ImageRecord } from "../storage/records";

/** The parts of an image's name. */
export interface ImageName {
  /** `docker.io/library/busybox` */
  repository: string;
  tag: string | undefined;
  /** `sha256:…` */
  digest: string | undefined;
}

/** Takes an image's name apart: `REPOSITORY[:TAG][@DIGEST]`. A port in the repository is no tag. */
export function splitName(name: string): ImageName {
  const parts = /^(.*?)(?::([^/:@]+))?(?:@([a-z0-9+._-]+:[0-9a-f]+))?$/.exec(name);
  return { repository: parts?.[1] ?? name, tag: parts?.[2], digest: parts?.[3] };
}

const hostPart = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const host = `${hostPart}(?:\\.${hostPart})*(?::[0-9]+)?`;
const pathPart = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const tag = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}";
const digest = "(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})";
const reference = new RegExp(`^((?:${host}/)?${pathPart}(?:/${pathPart})*)(?::${tag})?(?:@${digest})?$`);

/** The longest name without tag and digest. */
const longestRepository = 255;

/**
 * True for what containers/image, and so CRI-O of any version, takes for the name of an image, with or without
 * registry, tag and digest: `busybox`, `quay.io/app:v1`, `localhost:5000/app@sha256:…`. What is made of 64 hex digits
 * alone is an id, and registries are named by a host or its IPv4 address: of IPv6 older versions know nothing.
 */
export function isImageName(text: string): boolean {
  const repository = reference.exec(text)?.[1];
  if (repository === undefined || /^[0-9a-f]{64}$/.test(text)) return false;
  const [first = "", ...rest] = repository.split("/");
  // What could be a host is one only where it cannot be a part of a path; else the name is docker.io's.
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  if (!hasRegistry && first !== first.toLowerCase()) return false;
  const official = rest.length === 0 ? "library/" : "";
  return (hasRegistry ? repository : `docker.io/${official}${repository}`).length <= longestRepository;
}

/** What a container's maker persists of the name of its image. */
export interface PersistedImageName {
  /** As it was asked for; the image's own name where it was meant by its id. */
  requested: string;
  /** A name that the image bears. */
  own: string;
}

/**
 * The names of an image that may stand in the annotations and the metadata of a container: at its start CRI-O removes
 * a container whose persisted name it cannot parse, an id for example, and takes the beginning of an id for a name of
 * docker.io. "" where the image has none.
 * @param wanted what the user, or the configuration, called it
 */
export function imageNameToPersist(image: ImageRecord, wanted: string): PersistedImageName {
  const own = (image.names ?? []).find(isImageName) ?? "";
  const byName = meantName(image, wanted) !== undefined || !isImageId(image, wanted);
  return { own, requested: byName && isImageName(wanted) ? wanted : own };
}

function isImageId({ id }: ImageRecord, wanted: string): boolean {
  return id.startsWith(wanted.replace(/^sha256:/, ""));
}

/**
 * True when a name that a user gives means an image: its last parts are enough (`busybox` for
 * `docker.io/library/busybox:latest`), and without a tag every tag fits.
 * @param wanted `busybox`, `library/busybox:1.36`, `quay.io/app@sha256:…`
 * @param name the image's name with its registry
 */
export function imageNameMatches(wanted: string, name: string): boolean {
  return [name, withoutDigest(name), withoutTag(withoutDigest(name))].some(
    (candidate) => candidate === wanted || candidate.endsWith(`/${wanted}`),
  );
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
