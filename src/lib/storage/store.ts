import { mkdirSync } from "node:fs";
import { errorMessage, fileError, KpodError } from "../errors";
import { addContainer, dropContainer, readContainers } from "./containers";
import { dropMakingRoom } from "./full-disk";
import { newStorageId, isStorageId, type StorageId } from "./ids";
import { readImages } from "./images";
import { addLayer, dropLayer, readLayers } from "./layers";
import type { HeldLock } from "./lock-file";
import { forgetMount, makeMountsDirectory, noteMount, readMountPoints, releaseMount } from "./mount-points";
import { changeRecord, type ContainerRecord, type LayerRecord } from "./records";
import { StoreReader } from "./store-reader";
import { removeTree } from "../system/remove-tree";

export type { StoreConfig, StoreOptions } from "./store-reader";

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
    const place = this.recordPlace;
    const locks = [
      [layersLock, "write"],
      [imagesLock, "read"],
      [containersLock, "write"],
    ] as const;
    return this.locked(locks, (layers, _images, containers) => {
      this.refuseTaken(wanted);
      const image = readImages(layout, this.logger).find(({ id }) => id === wanted.image);
      if (image === undefined) {
        throw new KpodError("NOT_FOUND", `image ${wanted.image.slice(0, 13)} has left the store`);
      }
      const layer: LayerRecord = {
        id: newStorageId(),
        names: [wanted.layerName],
        ...(image.layer === undefined ? {} : { parent: image.layer }),
        created,
      };
      const record: ContainerRecord = {
        id: wanted.id ?? newStorageId(),
        names: [...wanted.names],
        image: image.id,
        layer: layer.id,
        metadata: wanted.metadata,
        created,
        flags: { MountLabel: "", ProcessLabel: "", ...(place === "stable" ? {} : { Volatile: true }) },
      };
      let recorded = false;
      try {
        this.driver.create(layer.id, isStorageId(image.layer) ? image.layer : undefined);
        mkdirSync(this.userdataDirectory(record.id), { recursive: true, mode: 0o700 });
        mkdirSync(this.runUserdataDirectory(record.id), { recursive: true, mode: 0o700 });
        addLayer(layout, layers.touch, layer, place);
        recorded = true;
        addContainer(layout, containers.touch, record, place);
      } catch (error) {
        this.takeBack(record, () => {
          if (recorded) dropLayer(layout, layers.touch, layer.id);
        });
        throw error instanceof KpodError
          ? error
          : fileError(`cannot make container ${wanted.names[0] ?? record.id}`, error);
      }
      return record;
    });
  }

  /** Removes what there is of a container that could not be made to the end. */
  private takeBack(record: ContainerRecord, dropRecords: () => void): void {
    try {
      // First: where the layer's record cannot be dropped, its directory must stay.
      dropRecords();
      this.removeDirectories(record);
    } catch (error) {
      this.logger.warn(`something is left of container ${record.id}: ${errorMessage(error)}`);
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
   * Deletes a container: mount, records, layer and directories. What is gone already counts as deleted, so
   * that a half-deleted container can be finished off. Its process must have ended.
   * @param strayLayer the layer to delete when the record is gone: one that nobody else uses
   */
  async deleteContainer(id: StorageId, strayLayer?: StorageId): Promise<void> {
    const { layout } = this;
    makeMountsDirectory(layout);
    const locks = [
      [layout.layersLock, "write"],
      [layout.mountsLock, "write"],
      [layout.imagesLock, "write"],
      [layout.containersLock, "write"],
    ] as const;
    await this.locked(locks, (layers, mounts, _images, containers) => {
      const records = readContainers(layout, this.logger);
      const record = records.find((candidate) => candidate.id === id) ?? this.strayRecord(id, strayLayer);
      if (isStorageId(record.layer)) {
        this.driver.unmount(record.layer);
        forgetMount(layout, mounts.touch, record.layer);
      }
      dropMakingRoom(layout.containerDirectory(id), () => {
        // Records first: CRI-O forgives a layer's directory without a record, but not the reverse.
        dropContainer(layout, containers.touch, id);
        if (isStorageId(record.layer)) dropLayer(layout, layers.touch, record.layer);
      });
      this.removeDirectories(record);
    });
  }

  /** What stands for a record that is gone; without a layer where that one belongs to somebody. */
  private strayRecord(id: StorageId, layer: StorageId | undefined): ContainerRecord {
    const owners = [...readContainers(this.layout, this.logger), ...readImages(this.layout, this.logger)];
    const children = readLayers(this.layout, this.logger).filter(({ parent }) => parent === layer);
    if (layer === undefined || children.length > 0 || owners.some((owner) => owner.layer === layer))
      return { id };
    return { id, layer };
  }

  private removeDirectories(record: ContainerRecord): void {
    if (isStorageId(record.layer)) this.driver.remove(record.layer);
    removeTree(this.layout.containerDirectory(record.id));
    removeTree(this.layout.containerRunDirectory(record.id));
  }

  /** Changes a container's metadata. @throws KpodError NOT_FOUND */
  setMetadata(id: StorageId, metadata: string): Promise<void> {
    return this.change(id, { metadata });
  }

  /** Changes a container's names. @throws KpodError NOT_FOUND, or CONFLICT when another has the name */
  setNames(id: StorageId, names: readonly string[]): Promise<void> {
    return this.change(id, { names: [...names] });
  }

  /** Changes a layer's names; a layer that has no record is fine. */
  setLayerNames(id: StorageId, names: readonly string[]): Promise<void> {
    return this.locked([[this.layout.layersLock, "write"]] as const, ({ touch }) => {
      changeRecord(this.layout.layersFiles, touch, id, { names: [...names] });
    });
  }

  /** Changes a container's names and metadata in one go. @throws KpodError NOT_FOUND, or CONFLICT */
  setNamesAndMetadata(id: StorageId, names: readonly string[], metadata: string): Promise<void> {
    return this.change(id, { names: [...names], metadata });
  }

  private change(id: StorageId, fields: Partial<Pick<ContainerRecord, "names" | "metadata">>): Promise<void> {
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
    return this.locked(locks, (_layers, mounts) => action(mounts));
  }
}

/** The time now as containers/storage writes it. Milliseconds are what node's clock of the day has. */
function nanosecondsNow(): string {
  return new Date().toISOString();
}
