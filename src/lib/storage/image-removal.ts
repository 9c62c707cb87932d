import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { removeTree } from "../system/remove-tree";
import { isStorageId, type StorageId } from "../names/ids";
import { findImage, meantName } from "./images";
import { refuseSplitImageStore } from "./layout";
import { readMountPoints } from "./mount-points";
import {
  changeRecord,
  removeRecord,
  type ContainerRecord,
  type ImageRecord,
  type LayerRecord,
} from "./records";
import {
  deleteLayers,
  makingRoom,
  mappedLayers,
  readContents,
  usersOf,
  type RemovalParts,
  type StoreContents,
} from "./removal";
import type { Store } from "./store";

/** What the removal of an image took away. */
export interface RemovedImage {
  /** The image that was meant. */
  id: StorageId;
  /** The names that mean nothing any more. */
  untagged: string[];
  /** The image's id; undefined when it stays, under its other names. */
  deleted: StorageId | undefined;
  /** The layers that nobody else needed. */
  layers: StorageId[];
}

/** How an image is removed. */
export interface RemoveImageOptions {
  /**
   * Removes it also when containers use it, when it is mounted, or when its id is given and it has several names. The layers that
   * the containers stand on stay.
   */
  force?: boolean;
  /** Removes it also when its id is given and it has several names. */
  allNames?: boolean;
  /** Throws, under the locks, where the image is to stay. */
  refuse?: (image: ImageRecord, images: readonly ImageRecord[]) => void;
  logger: Logger;
}

/**
 * Removes an image, or, when it has several names and is meant by one of them, that name.
 * @throws KpodError NOT_FOUND, AMBIGUOUS; CONFLICT when a container uses it, when it is mounted, or when its id is given
 * and it has several names; LOCK_TIMEOUT, IO
 */
export async function removeImage(
  store: Store,
  wanted: string,
  { force = false, allNames = force, refuse, logger }: RemoveImageOptions,
): Promise<RemovedImage> {
  return underLocks(store, logger, (parts, touchImages) => {
    const contents = readContents(parts);
    const image = requireImage(store, contents.images, wanted);
    refuse?.(image, contents.images);
    const names = image.names ?? [];
    const name = meantName(image, wanted);
    if (name !== undefined && names.length > 1) return untag(store, touchImages, image, name);
    if (name === undefined && names.length > 1 && !allNames) {
      throw new KpodError("CONFLICT", `image ${shortId(image)} has several names: ${names.join(", ")}`, {
        hint: "give one of the names, or use -f to remove them all",
      });
    }
    const layers = unneededLayers(image, contents);
    if (!force) {
      refuseUsed(image, contents.containers);
      refuseMounted(store, image, layers);
    }
    deleteImage(parts, touchImages, image, layers);
    return { id: image.id, untagged: names, deleted: image.id, layers };
  });
}

/**
 * Takes a name off an image; with its last name the image goes as well.
 * @throws KpodError NOT_FOUND, also for an id; CONFLICT when a container uses the image and the name is its last
 */
export async function untagImage(store: Store, name: string, logger: Logger): Promise<RemovedImage> {
  const image = requireImage(store, await store.images(), name);
  if (meantName(image, name) === undefined) {
    throw new KpodError("NOT_FOUND", `${name} is not a name of image ${shortId(image)}`);
  }
  return removeImage(store, name, { logger });
}

/**
 * Removes layers that were made for an image which did not come about: those that are not among the ones before,
 * have one of these digests (packed or unpacked), and nobody stands on. Others may be loading images as well.
 * @throws KpodError LOCK_TIMEOUT, IO
 */
export async function removeStrayLayers(
  store: Store,
  { before, digests }: { before: ReadonlySet<StorageId>; digests: ReadonlySet<string> },
  logger: Logger,
): Promise<void> {
  await underLocks(store, logger, (parts) => {
    const contents = readContents(parts);
    const stray = new Set<StorageId>();
    const isStray = (layer: LayerRecord): boolean =>
      !before.has(layer.id) &&
      !stray.has(layer.id) &&
      [layer["diff-digest"], layer["compressed-diff-digest"]].some((digest) => digests.has(String(digest))) &&
      usersOf(layer.id, { ...contents, layers: contents.layers.filter(({ id }) => !stray.has(id)) })
        .length === 0;
    // From the top down: without it, the next one may have no child any more.
    for (let top = contents.layers.find(isStray); top !== undefined; top = contents.layers.find(isStray))
      stray.add(top.id);
    deleteLayers(parts, [...stray]);
  });
}

async function underLocks<T>(
  store: Store,
  logger: Logger,
  action: (parts: RemovalParts, touchImages: () => void) => T,
): Promise<T> {
  const { layout } = store;
  if (!store.exists()) {
    throw new KpodError("NOT_FOUND", `the storage root ${layout.root} does not exist`);
  }
  refuseSplitImageStore(layout, "kpod removes no images from", "remove them with crictl or podman");
  return store.removing("read", (parts, { images }) => action({ ...parts, logger }, images));
}

function requireImage(store: Store, images: readonly ImageRecord[], wanted: string): ImageRecord {
  const image = findImage(images, wanted);
  if (image !== undefined) return image;
  throw new KpodError("NOT_FOUND", `image ${wanted} is not in the store ${store.layout.root}`, {
    hint: "see kpod images",
  });
}

function untag(store: Store, touch: () => void, image: ImageRecord, name: string): RemovedImage {
  const names = (image.names ?? []).filter((other) => other !== name);
  changeRecord([store.layout.imagesFile], touch, image.id, { names });
  return { id: image.id, untagged: [name], deleted: undefined, layers: [] };
}

function refuseUsed(image: ImageRecord, containers: readonly ContainerRecord[]): void {
  const users = containers.filter((container) => container.image === image.id);
  const [first] = users;
  if (first === undefined) return;
  const others = users.length === 1 ? "" : ` and ${users.length - 1} more`;
  throw new KpodError(
    "CONFLICT",
    `image ${shortId(image)} is used by container ${first.id.slice(0, 13)} (${first.names?.[0] ?? ""})${others}`,
    { hint: "remove what uses it first, or use -f to remove the image's names and records alone" },
  );
}

/** Somebody looks at its files: containers/storage itself would unmount them. */
function refuseMounted({ layout }: Store, image: ImageRecord, layers: readonly StorageId[]): void {
  const mounted = readMountPoints(layout).find(
    ({ id, count }) => count > 0 && layers.some((layer) => layer === id),
  );
  if (mounted === undefined) return;
  throw new KpodError("CONFLICT", `image ${shortId(image)} is mounted at ${mounted.path}`, {
    hint: "unmount it first, or use -f to remove it all the same",
  });
}

function deleteImage(
  parts: RemovalParts,
  touchImages: () => void,
  image: ImageRecord,
  layers: readonly StorageId[],
): void {
  const { layout, staging } = parts;
  const directory = layout.imageDirectory(image.id);
  const makeRoom = (): void => {
    staging.makeRoom();
    removeTree(directory);
  };
  makingRoom(makeRoom, () => {
    deleteLayers(parts, layers, () => {
      // As soon as its layers are marked: an image without them keeps other programs from listing any. What a crash
      // leaves before this is still listed, and to remove it again ends it; what it leaves after is incomplete layers.
      staging.stage("root", directory);
      removeRecord([layout.imagesFile], touchImages, image.id);
    });
  });
}

/**
 * The layers that only this image needs, from the top down: it ends at the first one that another image begins
 * with, that a container is, or that another layer stands on. The rule is that of containers/storage.
 */
export function unneededLayers(
  image: ImageRecord,
  { images, layers, containers }: StoreContents,
): StorageId[] {
  const others = images.filter(({ id }) => id !== image.id);
  const used = new Set([
    ...others.flatMap((other) => [other.layer, ...mappedLayers(other)]),
    ...containers.map(({ layer }) => layer),
  ]);
  const records = new Map(layers.map((layer) => [layer.id, layer]));
  // The same top layer with other owners of its files, made for containers with user namespaces.
  const unneeded = new Set(mappedLayers(image).filter((id) => !used.has(id) && !hasChild(layers, id)));
  for (let id = image.layer; isStorageId(id); id = records.get(id)?.parent) {
    if (used.has(id) || unneeded.has(id) || hasChild(layers, id, unneeded)) break;
    unneeded.add(id);
  }
  return [...unneeded].filter((id) => records.has(id));
}

function hasChild(
  layers: readonly LayerRecord[],
  id: StorageId,
  except: ReadonlySet<string> = new Set(),
): boolean {
  return layers.some((layer) => layer.parent === id && !except.has(layer.id));
}

function shortId({ id, names }: ImageRecord): string {
  const name = names?.[0];
  return name === undefined ? id.slice(0, 13) : `${id.slice(0, 13)} (${name})`;
}
