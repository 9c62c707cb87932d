import { mkdirSync } from "node:fs";
import type { RecordsFile } from "../config";
import { errorMessage, fileError, KpodError } from "../errors";
import { isStorageId, newStorageId, type StorageId } from "../names/ids";
import { removeTree } from "../system/remove-tree";
import { changeStore, type StoreParts } from "./change";
import { addContainer, readContainers, removeContainerRecord } from "./containers";
import { readImages } from "./images";
import { addLayer, incompleteFlags, markComplete, removeLayerRecords } from "./layers";
import type { HeldLock } from "./lock-file";
import type { ContainerRecord, LayerRecord } from "./records";

/** What SELinux calls a container's processes and its files; "" where it keeps them apart from nothing. */
export interface SelinuxLabels {
  readonly process: string;
  readonly mount: string;
}

/** What a new container's record says. */
export interface NewContainer {
  id?: StorageId;
  names: readonly string[];
  /** The image whose layers lie beneath. */
  image: StorageId;
  /** Name of its read-write layer. */
  layerName: string;
  /** What the maker of the container persists with it. */
  metadata: string;
  labels?: SelinuxLabels;
  /** Of its user namespace, to whose users its files will be given. */
  idMaps?: IdMaps | undefined;
}

/** How users and groups of a user namespace are called on the node, as records tell it. */
export interface IdMaps {
  readonly uidmap: readonly IdMap[];
  readonly gidmap: readonly IdMap[];
}

/** A range of users or groups. */
export interface IdMap {
  readonly container_id: number;
  readonly host_id: number;
  readonly size: number;
}

/**
 * Makes a container: its read-write layer, its directories and its record, or nothing of it.
 * @param place where its record, and that of its layer, goes
 * @throws KpodError CONFLICT when a name or the id is taken, NOT_FOUND when the image has gone, IO, UNSUPPORTED
 */
export async function createContainer(
  store: StoreParts,
  wanted: NewContainer,
  place: RecordsFile,
): Promise<ContainerRecord> {
  const { layout, driver, logger } = store;
  const { layersLock, imagesLock, containersLock } = layout;
  const created = nanosecondsNow();
  const labels = wanted.labels ?? { process: "", mount: "" };
  const locks = [
    [layersLock, "write"],
    [imagesLock, "read"],
    [containersLock, "write"],
  ] as const;
  return changeStore(store, locks, (_staging, layers, _images, containers) => {
    refuseTaken(store, wanted);
    const image = readImages(layout, logger).find(({ id }) => id === wanted.image);
    if (image === undefined) {
      throw new KpodError("NOT_FOUND", `image ${wanted.image.slice(0, 13)} has left the store`);
    }
    const layer: LayerRecord & { id: StorageId } = {
      id: newStorageId(),
      names: [wanted.layerName],
      ...(image.layer === undefined ? {} : { parent: image.layer }),
      ...(labels.mount === "" ? {} : { mountlabel: labels.mount }),
      created,
      ...wanted.idMaps,
      flags: incompleteFlags,
    };
    const record: ContainerRecord & { layer: StorageId } = {
      id: wanted.id ?? newStorageId(),
      names: [...wanted.names],
      image: image.id,
      layer: layer.id,
      metadata: wanted.metadata,
      created,
      ...wanted.idMaps,
      flags: {
        MountLabel: labels.mount,
        ProcessLabel: labels.process,
        ...(place === "stable" ? {} : { Volatile: true }),
      },
    };
    try {
      // In this order a crash leaves an incomplete layer, which anyone may delete, or a container that is listed.
      addLayer(layout, layers.touch, layer, place);
      driver.create(layer.id, isStorageId(image.layer) ? image.layer : undefined);
      addContainer(layout, containers.touch, record, place);
      mkdirSync(`${layout.containerDirectory(record.id)}/userdata`, { recursive: true, mode: 0o700 });
      mkdirSync(`${layout.containerRunDirectory(record.id)}/userdata`, { recursive: true, mode: 0o700 });
      markComplete(layout, layers.touch, layer.id);
    } catch (error) {
      rollback(store, record, layers, containers);
      throw error instanceof KpodError
        ? error
        : fileError(`cannot make container ${wanted.names[0] ?? record.id}`, error);
    }
    return record;
  });
}

/** Removes what there is of a container that could not be made to the end. */
function rollback(
  { layout, driver, logger }: StoreParts,
  { id, layer }: ContainerRecord & { layer: StorageId },
  layers: HeldLock,
  containers: HeldLock,
): void {
  try {
    // What is little goes at once. Its layer is still marked as incomplete; the records go when there is room again.
    removeTree(layout.containerRunDirectory(id));
    removeTree(layout.containerDirectory(id));
    driver.remove(layer);
    removeLayerRecords(layout, layers.touch, [layer]);
    removeContainerRecord(layout, containers.touch, id);
  } catch (error) {
    logger.warn(`something is left of container ${id}: ${errorMessage(error)}`);
  }
}

function refuseTaken({ layout, logger }: StoreParts, { id, names }: NewContainer): void {
  for (const record of readContainers(layout, logger)) {
    if (record.id === id) throw new KpodError("CONFLICT", `there is already a container with the id ${id}`);
    const taken = record.names?.find((name) => names.includes(name));
    if (taken !== undefined) {
      throw new KpodError("CONFLICT", `conflict, name "${taken}" already reserved for ctr "${record.id}"`, {
        hint: "choose another name or remove that one first",
      });
    }
  }
}

/** The time now as containers/storage writes it. Milliseconds are what node's clock of the day has. */
function nanosecondsNow(): string {
  return new Date().toISOString();
}
