import { join } from "node:path";
import { describeErrno, isNotFound, KpodError } from "../errors";
import type { Logger } from "../logger";
import { fileLimits, readRegularFile } from "../system/files";
import { isStorageId, mayBeginId, type StorageId } from "../names/ids";
import { meantImageNames, splitName } from "../names/image-names";
import type { StoreLayout } from "./layout";
import { readRecords, type ImageRecord } from "./records";

/** The images of a store. */
export function readImages(layout: StoreLayout, logger: Logger): ImageRecord[] {
  return [layout.imagesFile, ...layout.furtherImagesFiles].flatMap((file) =>
    readRecords<ImageRecord>(file, logger),
  );
}

/** What of an image says whether it is meant. */
type NamedImage = Pick<ImageRecord, "id" | "names" | "digest" | "big-data-names">;

/**
 * Finds the image that a user means: by id, by a unique prefix of it (three digits at least), by
 * `name@sha256:…`, or by name, which is completed as docker does (`busybox` is `docker.io/library/busybox:latest`, then
 * `localhost/busybox:latest`, then `busybox`).
 * @throws KpodError AMBIGUOUS when a prefix fits several images, or a name is the beginning of another image's id
 */
export function findImage<Image extends NamedImage>(
  images: readonly Image[],
  wanted: string,
): Image | undefined {
  const exact = images.find((image) => image.id === wanted);
  if (exact !== undefined) return exact;
  const named = namedImage(images, wanted);
  const prefix = wanted.replace(/^sha256:/, "");
  const begun = /^[0-9a-f]{3,64}$/.test(prefix) ? images.filter((image) => image.id.startsWith(prefix)) : [];
  if (named !== undefined && (!mayBeginId(wanted) || begun.every((image) => image === named))) return named;
  const fitting = named === undefined ? begun : [named, ...begun.filter((image) => image !== named)];
  if (fitting.length > 1) {
    const candidates = fitting.map((image) => `${image.id.slice(0, 13)} ${image.names?.[0] ?? "<none>"}`);
    throw new KpodError("AMBIGUOUS", `image id ${wanted} is ambiguous: ${candidates.join(", ")}`, {
      hint: named === undefined ? "give more digits" : "give more digits, or the name with its tag",
    });
  }
  return fitting[0];
}

/** The image that has a name, or is of a repository with a digest. */
export function namedImage<Image extends NamedImage>(
  images: readonly Image[],
  wanted: string,
): Image | undefined {
  const { names, repositories, digest } = meantImageNames(wanted);
  const named = firstOf(names, (name) => images.find((image) => image.names?.includes(name) === true));
  if (named !== undefined || digest === undefined) return named;
  return firstOf(repositories, (repository) =>
    images.find((image) => {
      const isOfRepository = image.names?.some((name) => splitName(name).repository === repository) === true;
      return isOfRepository && hasDigest(image, digest);
    }),
  );
}

function firstOf<T>(names: readonly string[], find: (name: string) => T | undefined): T | undefined {
  for (const name of names) {
    const found = find(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a digest is that of an image's manifest, or of the index through which it came. */
function hasDigest(image: NamedImage, digest: string): boolean {
  return image.digest === digest || image["big-data-names"]?.includes(`manifest-${digest}`) === true;
}

/** The name of an image that a user means; undefined when it is meant by its id or digest. */
export function meantName(image: NamedImage, wanted: string): string | undefined {
  return meantImageNames(wanted).names.find((name) => image.names?.includes(name) === true);
}

/** Where a piece of an image's big data lies. */
export function imageDataPath(layout: StoreLayout, id: StorageId, key: string): string {
  // Names that are not plain are stored as "=" and their base64 (makeBigDataBaseName of containers/storage).
  const file = /^[0-9a-z]+$/.test(key) ? key : `=${Buffer.from(key).toString("base64")}`;
  return join(layout.imageDirectory(id), file);
}

/**
 * Reads one piece of an image's big data: `manifest`, or `sha256:…` for its configuration.
 * @throws KpodError CORRUPT when the store has lost it
 */
export function readImageData(layout: StoreLayout, id: StorageId, key: string): Buffer {
  const path = imageDataPath(layout, id, key);
  try {
    return readRegularFile(path, fileLimits.imageData);
  } catch (error) {
    const cause = isNotFound(error) ? "it is missing" : describeErrno(error);
    throw new KpodError("CORRUPT", `cannot read ${key} of image ${id.slice(0, 13)}: ${cause}`, {
      hint: "load the image again",
      cause: error,
    });
  }
}

/** The layers of an image from the top down; a layer that has no record ends the chain. */
export function layerChain(
  parents: ReadonlyMap<StorageId, string | undefined>,
  top: string | undefined,
): StorageId[] {
  const chain: StorageId[] = [];
  for (let id = top; isStorageId(id) && parents.has(id) && !chain.includes(id); id = parents.get(id)) {
    chain.push(id);
  }
  return chain;
}
