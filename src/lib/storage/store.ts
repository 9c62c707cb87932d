import { mkdirSync } from "node:fs";
import { errorMessage, fileError, KpodError } from "../errors";
import { removeTree } from "../system/remove-tree";
import { addContainer, dropContainer, readContainers } from "./containers";
import { newStorageId, isStorageId, type StorageId } from "../names/ids";
import { readImages } from "./images";
import { addLayer, dropLayers, incompleteFlags, markComplete, readLayers } from "./layers";
import { type HeldLock, type LockKind } from "./lock-file";
import { forgetMount, makeMountsDirectory, noteMount, readMountPoints, releaseMount } from "./mount-points";
import { changeRecord, type ContainerRecord, type LayerRecord } from "./records";
import { deleteContainer, deleteIncompleteLayers, usersOf } from "./removal";
import { StoreReader } from "./store-reader";
import { clearStaleDirectories, Staging } from "./temp-directories";

export type { StoreConfig, StoreOptions } from "./store-reader";

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
  /** What the maker of the container notes with it. */
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
 * A store of containers/storage as it lies on disk. Every change is made under the locks that CRI-O, podman
 * and `containers-storage` take too, in their order: layers, mount points, images, containers.
 */
export class Store extends StoreReader {
  /**
   * Makes a container: its read-write layer, its directories and its record, or nothing of it.
   * @throws KpodError CONFLICT when a name or the id is taken, NOT_FOUND when the image has gone, IO, UNSUPPORTED
   */
  async createContainer(wanted: NewContainer): Promise<ContainerRecord> {
    const { layout } = this;
    const { layersLock, imagesLock, containersLock } = layout;
    const created = nanosecondsNow();
    const labels = wanted.labels ?? { process: "", mount: "" };
    const place = this.recordPlace;
    const locks = [
      [layersLock, "write"],
      [imagesLock, "read"],
      [containersLock, "write"],
    ] as const;
    return this.change(locks, (_staging, layers, _images, containers) => {
      this.refuseTaken(wanted);
      const image = readImages(layout, this.logger).find(({ id }) => id === wanted.image);
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
        this.driver.create(layer.id, isStorageId(image.layer) ? image.layer : undefined);
        addContainer(layout, containers.touch, record, place);
        mkdirSync(this.userdataDirectory(record.id), { recursive: true, mode: 0o700 });
        mkdirSync(this.runUserdataDirectory(record.id), { recursive: true, mode: 0o700 });
        markComplete(layout, layers.touch, layer.id);
      } catch (error) {
        this.takeBack(record, layers, containers);
        throw error instanceof KpodError
          ? error
          : fileError(`cannot make container ${wanted.names[0] ?? record.id}`, error);
      }
      return record;
    });
  }

  /** Removes what there is of a container that could not be made to the end. */
  private takeBack(
    { id, layer }: ContainerRecord & { layer: StorageId },
    layers: HeldLock,
    containers: HeldLock,
  ): void {
    const { layout } = this;
    try {
      // What is little goes at once. Its layer is still marked as incomplete; the records go when there is room again.
      removeTree(layout.containerRunDirectory(id));
      removeTree(layout.containerDirectory(id));
      this.driver.remove(layer);
      dropLayers(layout, layers.touch, [layer]);
      dropContainer(layout, containers.touch, id);
    } catch (error) {
      this.logger.warn(`something is left of container ${id}: ${errorMessage(error)}`);
    }
  }

  private refuseTaken({ id, names }: NewContainer): void {
    for (const record of readContainers(this.layout, this.logger)) {
      if (record.id === id) throw new KpodError("CONFLICT", `there is already a container with the id ${id}`);
      const taken = record.names?.find((name) => names.includes(name));
      if (taken !== undefined) {
        throw new KpodError("CONFLICT", `conflict, name "${taken}" already reserved for ctr "${record.id}"`, {
          hint: "choose another name or remove that one first",
        });
      }
    }
  }

  /**
   * Deletes a container: mount, layer, directories and record. What is gone already counts as deleted, so that a
   * half-deleted container can be finished off. Its process must have ended.
   * @param strayLayer the layer to delete when the record is gone: one that nobody else uses
   * @returns CORRUPT when its record names a layer that somebody else needs, which stays; all else has gone
   * @throws KpodError CORRUPT when records cannot be read, and then nothing has gone; LOCK_TIMEOUT, IO, NOT_PERMITTED,
   * INTERRUPTED
   */
  async deleteContainer(id: StorageId, strayLayer?: StorageId): Promise<KpodError | undefined> {
    const { layout, driver, logger } = this;
    makeMountsDirectory(layout);
    const locks = [
      [layout.layersLock, "write"],
      [layout.mountsLock, "write"],
      [layout.imagesLock, "write"],
      [layout.containersLock, "write"],
    ] as const;
    return this.change(locks, (staging, layers, mounts, _images, containers) => {
      const touch = { layers: layers.touch, mounts: mounts.touch };
      const record = this.recordOf(id) ?? this.strayRecord(id, strayLayer);
      return deleteContainer({ layout, driver, staging, logger, touch }, record, containers.touch);
    });
  }

  private recordOf(id: StorageId): ContainerRecord | undefined {
    return readContainers(this.layout, this.logger).find((record) => record.id === id);
  }

  /** What stands for a record that is gone; without a layer where that one belongs to somebody. */
  private strayRecord(id: StorageId, layer: StorageId | undefined): ContainerRecord {
    const contents = {
      containers: readContainers(this.layout, this.logger),
      images: readImages(this.layout, this.logger),
      layers: readLayers(this.layout, this.logger),
    };
    return layer === undefined || usersOf(layer, contents).length > 0 ? { id } : { id, layer };
  }

  /**
   * Changes the store under its locks, as `locked` does. What the change moves aside is deleted when they are given
   * back, and so is what others left behind.
   * @throws KpodError LOCK_TIMEOUT, INTERRUPTED, and what the action throws
   */
  async change<const L extends readonly (readonly [string, LockKind])[], T>(
    wanted: L,
    action: (staging: Staging, ...locks: { [K in keyof L]: HeldLock }) => T,
  ): Promise<T> {
    const { layout, logger } = this;
    const staging = new Staging(layout.temporaryRoots);
    try {
      const result = await this.locked(wanted, (...locks) => {
        this.deleteIncomplete(staging, wanted, locks);
        return action(staging, ...locks);
      });
      await clearStaleDirectories(layout.temporaryRoots, logger, this.interruption);
      return result;
    } finally {
      await staging.clear(logger, this.interruption);
    }
  }

  /** Deletes what is left of layers that were made or deleted by half, where the locks allow it. */
  private deleteIncomplete(
    staging: Staging,
    wanted: readonly (readonly [string, LockKind])[],
    locks: readonly HeldLock[],
  ): void {
    const { layout, driver, logger } = this;
    const touchOf = (path: string): (() => void) | undefined =>
      locks[wanted.findIndex(([lock, kind]) => lock === path && kind === "write")]?.touch;
    const [layers, mounts] = [touchOf(layout.layersLock), touchOf(layout.mountsLock)];
    if (layers === undefined) return;
    const touch = { layers, ...(mounts === undefined ? {} : { mounts }) };
    deleteIncompleteLayers({ layout, driver, staging, logger, touch });
  }

  /** Changes a container's metadata. @throws KpodError NOT_FOUND */
  setMetadata(id: StorageId, metadata: string): Promise<void> {
    return this.changeContainer(id, { metadata });
  }

  /** Changes a container's names. @throws KpodError NOT_FOUND, or CONFLICT when another has the name */
  setNames(id: StorageId, names: readonly string[]): Promise<void> {
    return this.changeContainer(id, { names: [...names] });
  }

  /** Changes a layer's names; a layer that has no record is fine. */
  setLayerNames(id: StorageId, names: readonly string[]): Promise<void> {
    return this.change([[this.layout.layersLock, "write"]] as const, (_staging, { touch }) => {
      changeRecord(this.layout.layersFiles, touch, id, { names: [...names] });
    });
  }

  /** Changes a container's names and metadata in one go. @throws KpodError NOT_FOUND, or CONFLICT */
  setNamesAndMetadata(id: StorageId, names: readonly string[], metadata: string): Promise<void> {
    return this.changeContainer(id, { names: [...names], metadata });
  }

  private changeContainer(
    id: StorageId,
    fields: Partial<Pick<ContainerRecord, "names" | "metadata">>,
  ): Promise<void> {
    return this.locked([[this.layout.containersLock, "write"]] as const, ({ touch }) => {
      const others = readContainers(this.layout, this.logger).filter((record) => record.id !== id);
      const holder = others.find((record) => record.names?.some((name) => fields.names?.includes(name)));
      if (holder !== undefined) {
        const name = holder.names?.find((taken) => fields.names?.includes(taken)) ?? "";
        throw new KpodError("CONFLICT", `conflict, name "${name}" already reserved for ctr "${holder.id}"`);
      }
      if (!changeRecord(this.layout.containersFiles, touch, id, fields)) {
        throw new KpodError("NOT_FOUND", `container ${id} is not in the store ${this.layout.root}`);
      }
    });
  }

  /**
   * Mounts a container's file system; each mount needs its unmount.
   * @returns where it appears
   */
  async mount(layer: StorageId, label = ""): Promise<string> {
    const path = this.driver.mountPath(layer);
    await this.withMounts((mounts) => {
      if (!this.driver.has(layer)) {
        throw new KpodError("CORRUPT", `the directory of layer ${layer} is missing`, {
          hint: "the container cannot be mounted any more: remove it",
        });
      }
      if (noteMount(this.layout, mounts.touch, layer, path) > 0) return;
      try {
        this.driver.mount(layer, label);
      } catch (error) {
        forgetMount(this.layout, mounts.touch, layer);
        throw error;
      }
    });
    return path;
  }

  /**
   * Takes back one mount, or with force all of a layer's.
   * @returns whether it is still mounted for others
   */
  async unmount(layer: StorageId, force = false): Promise<boolean> {
    return this.withMounts((mounts) => {
      if (!force && releaseMount(this.layout, mounts.touch, layer) > 0) return true;
      this.driver.unmount(layer);
      forgetMount(this.layout, mounts.touch, layer);
      return false;
    });
  }

  /** Takes back what the graph driver mounted for itself, unless a layer is still mounted. */
  async shutdown(): Promise<void> {
    await this.withMounts(() => {
      if (readMountPoints(this.layout).length === 0) this.driver.shutdown();
    });
  }

  private withMounts<T>(action: (mounts: HeldLock) => T): Promise<T> {
    makeMountsDirectory(this.layout);
    const locks = [
      [this.layout.layersLock, "write"],
      [this.layout.mountsLock, "write"],
    ] as const;
    return this.change(locks, (_staging, _layers, mounts) => action(mounts));
  }
}

/** The time now as containers/storage writes it. Milliseconds are what node's clock of the day has. */
function nanosecondsNow(): string {
  return new Date().toISOString();
}
