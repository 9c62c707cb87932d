import { basename, dirname, join } from "node:path";
import { errnoOf, errorMessage, KpodError } from "../errors";
import type { Logger } from "../logger";
import { isStorageId, type StorageId } from "../names/ids";
import { fileLimits, readBytesIfThere } from "../system/files";
import { unmountUnused } from "../system/mount";
import { removeTree } from "../system/remove-tree";
import { mountsBelow } from "../system/unmount-below";
import { removeContainerRecord, readContainers } from "./containers";
import type { GraphDriver } from "./driver";
import { readImages } from "./images";
import { isIncomplete, layerDataPaths, markIncomplete, readLayers, removeLayerRecords } from "./layers";
import type { StoreLayout } from "./layout";
import { removeMountPoint, readMountPoints, type UnmountOptions } from "./mount-points";
import type { ContainerRecord, ImageRecord, LayerRecord } from "./records";
import type { Staging } from "./temp-directories";

/** All records of a store. */
export interface StoreContents {
  images: readonly ImageRecord[];
  layers: readonly LayerRecord[];
  containers: readonly ContainerRecord[];
}

/** What a removal works with. The locks of what it touches are held for writing. */
export interface RemovalParts {
  readonly layout: StoreLayout;
  readonly driver: GraphDriver;
  readonly staging: Staging;
  readonly logger: Logger;
  /** Tells the readers of the records that they are about to change; without the lock of the mounts, none of them does. */
  readonly touch: { readonly layers: () => void; readonly mounts?: () => void };
}

/** Tell the readers of mounts, and of the records of images and containers, that these are about to change. */
export interface RecordTouches {
  readonly mounts: () => void;
  readonly images: () => void;
  readonly containers: () => void;
}

/**
 * Reads all that a removal may write, before it writes anything: a file that is torn must not be noticed half way.
 * @throws KpodError CORRUPT, IO
 */
export function readContents({ layout, logger }: Pick<RemovalParts, "layout" | "logger">): StoreContents {
  readMountPoints(layout);
  return {
    images: readImages(layout, logger),
    layers: readLayers(layout, logger),
    containers: readContainers(layout, logger),
  };
}

/**
 * Unmounts layers and directories before they are deleted, where nobody uses them: whoever has something mounted in one
 * may be at work there, and a deletion would go on into it.
 * @throws KpodError BAD_STATE where somebody uses one, or something else is mounted in it
 */
export function releaseUnused(
  { driver }: Pick<RemovalParts, "driver">,
  layers: readonly StorageId[],
  directories: readonly string[] = [],
): void {
  for (const layer of layers) {
    const mountPath = driver.mountPath(layer);
    unmountUnused(mountPath);
    // That of vfs is the directory itself.
    refuseMounts(basename(mountPath) === layer ? mountPath : dirname(mountPath));
  }
  directories.forEach(refuseMounts);
}

/** @throws KpodError BAD_STATE where something is mounted in a directory */
export function refuseMounts(directory: string): void {
  const [mount] = mountsBelow(directory);
  if (mount === undefined) return;
  const where = join(directory, ...mount.names.map(String));
  throw new KpodError("BAD_STATE", `something is mounted at ${where}`, { hint: "unmount it first" });
}

/**
 * Deletes layers so that a crash at any step leaves nothing that anybody stumbles over: no record is without its
 * directory, unless it says that it is incomplete, and such a layer is deleted by the next change of kpod or by
 * containers/storage when it reads the records.
 * @param meanwhile what goes with the layers, done between marking them and taking them away
 */
export function deleteLayers(
  { layout, driver, staging, touch }: RemovalParts,
  layers: readonly StorageId[],
  meanwhile: () => void = () => {},
): void {
  for (const layer of layers) {
    driver.unmount(layer);
    if (touch.mounts !== undefined) removeMountPoint(layout, touch.mounts, layer);
  }
  markIncomplete(layout, touch.layers, layers);
  meanwhile();
  for (const layer of layers) {
    driver.remove(layer, (directory) => {
      staging.stage("driver", directory);
    });
    for (const path of layerDataPaths(layout, layer)) staging.stage("root", path);
  }
  removeLayerRecords(layout, touch.layers, layers);
}

/**
 * Deletes a container: mount, layer, directories, and its record at the very end. Whatever breaks off before, it is
 * still listed, and to remove it again ends it. A CRI-O that starts in between deletes a container whose directories
 * are gone itself, and so does no more than was asked for.
 * @param touchContainers tells the readers of the containers' records that they are about to change
 * @param options.busy false has it stay where somebody works in it, or has something mounted there: BAD_STATE
 * @returns the reason for which its layer stays: somebody else needs it
 * @throws KpodError CORRUPT before anything was changed; IO, NOT_PERMITTED
 */
export function deleteContainer(
  parts: RemovalParts,
  record: ContainerRecord,
  touchContainers: () => void,
  { busy = true }: UnmountOptions = {},
): KpodError | undefined {
  const { layout, driver, staging } = parts;
  const layer = isStorageId(record.layer) ? record.layer : undefined;
  const contents = readContents(parts);
  const users = layer === undefined ? [] : usersOf(layer, contents, record.id);
  const own = layer === undefined || users.length > 0 ? [] : [layer];
  const directories = [
    layout.containerRunDirectory(record.id),
    layout.containerDirectory(record.id),
  ] as const;
  if (!busy) releaseUnused(parts, own, directories);
  const makeRoom = (): void => {
    staging.makeRoom();
    for (const directory of directories) removeTree(directory);
    for (const path of own.map((id) => driver.diffPath(id)))
      if (path.startsWith(`${layout.root}/`)) removeTree(path, { keepTop: true });
  };
  makingRoom(makeRoom, () => {
    deleteLayers(parts, own);
    staging.stage("runRoot", directories[0]);
    staging.stage("root", directories[1]);
    removeContainerRecord(layout, touchContainers, record.id);
  });
  if (layer === undefined || users.length === 0) return undefined;
  return new KpodError(
    "CORRUPT",
    `container ${record.id.slice(0, 13)} is removed, but not layer ${layer.slice(0, 13)} that its record names: ` +
      `${shortList(users)} need${users.length === 1 ? "s" : ""} it`,
  );
}

/**
 * What stands for the record of a container that is gone.
 * @param layer it had, as far as anybody knows: left out where it belongs to somebody
 */
export function strayRecord(
  store: Pick<RemovalParts, "layout" | "logger">,
  id: StorageId,
  layer: StorageId | undefined,
): ContainerRecord {
  return layer === undefined || usersOf(layer, readContents(store)).length > 0 ? { id } : { id, layer };
}

/** Who needs a layer beside a container: other containers, images, and the layers on it. */
export function usersOf(
  layer: StorageId,
  { containers, images, layers }: StoreContents,
  container?: StorageId,
): string[] {
  return [
    ...images
      .filter((image) => image.layer === layer || mappedLayers(image).includes(layer))
      .map(({ id, names }) => `image ${names?.[0] ?? id.slice(0, 13)}`),
    ...containers
      .filter((other) => other.layer === layer && other.id !== container)
      .map(({ id }) => `container ${id.slice(0, 13)}`),
    ...layers.filter(({ parent }) => parent === layer).map(({ id }) => `layer ${id.slice(0, 13)}`),
  ];
}

/** The further top layers of an image, with other owners of the files, made for containers with user namespaces. */
export function mappedLayers(image: ImageRecord): StorageId[] {
  const mapped = image["mapped-layers"];
  return Array.isArray(mapped) ? mapped.filter(isStorageId) : [];
}

/**
 * Deletes the layers that somebody was making or deleting when he crashed, as containers/storage does when it reads the
 * records: such a layer is somebody's only as long as he has the lock of the layers. Those that a container or an image
 * names go with it. One in which somebody works, or has something mounted, stays.
 */
export function deleteIncompleteLayers(parts: RemovalParts): void {
  try {
    if (!parts.layout.layersFiles.some(mentionsIncomplete)) return;
    const contents = readContents(parts);
    const stray = new Set<StorageId>();
    const used = new Set<StorageId>();
    const released = ({ id }: LayerRecord): boolean => {
      try {
        releaseUnused(parts, [id]);
        return true;
      } catch (error) {
        if (!(error instanceof KpodError) || error.code !== "BAD_STATE") throw error;
        parts.logger.warn(
          `layer ${id.slice(0, 13)} that was deleted or made by half stays: ${error.message}`,
        );
        return false;
      }
    };
    const isStray = (layer: LayerRecord): boolean =>
      isIncomplete(layer) &&
      !stray.has(layer.id) &&
      !used.has(layer.id) &&
      usersOf(layer.id, { ...contents, layers: contents.layers.filter(({ id }) => !stray.has(id)) })
        .length === 0;
    // From the top down: without it, the next one may have no child any more.
    for (let top = contents.layers.find(isStray); top !== undefined; top = contents.layers.find(isStray))
      (released(top) ? stray : used).add(top.id);
    if (stray.size > 0) deleteLayers(parts, [...stray]);
    for (const layer of stray) parts.staging.clearedLayers.add(layer);
  } catch (error) {
    // What the caller wants to do tells what is wrong with the store, if that stands in its way.
    if (!(error instanceof KpodError) && errnoOf(error) === undefined) throw error;
    parts.logger.warn(`layers that were deleted or made by half stay: ${errorMessage(error)}`);
  }
}

/** Most stores have none: the records need not be parsed to see that. */
function mentionsIncomplete(file: string): boolean {
  return readBytesIfThere(file, fileLimits.records).includes('"incomplete"');
}

function shortList(words: readonly string[]): string {
  const [first = "", second, ...others] = words;
  if (second === undefined) return first;
  return others.length === 0 ? `${first} and ${second}` : `${first}, ${second} and ${others.length} more`;
}

const full: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT"]);

/**
 * Does what takes something away, in steps that can be done again. On a full disk there is no room for the records
 * without it, nor for a directory to move it to; then what goes anyway makes room.
 * @param makeRoom deletes it
 */
export function makingRoom(makeRoom: () => void, takeAway: () => void): void {
  try {
    takeAway();
  } catch (error) {
    if (!full.has(errnoOf(error instanceof KpodError ? error.cause : error))) throw error;
    makeRoom();
    takeAway();
  }
}
