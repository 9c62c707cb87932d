import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../config";
import { errorMessage, fileError, isNotFound, KpodError } from "../errors";
import { silentLogger, type Logger } from "../logger";
import { addContainer, dropContainer, findContainers, readContainers } from "./containers";
import type { GraphDriver } from "./driver";
import { dropMakingRoom } from "./full-disk";
import { newStorageId, isStorageId, type StorageId } from "./ids";
import { findImage, readImageData, readImages } from "./images";
import { addLayer, dropLayer, readLayers } from "./layers";
import { chooseDriver, storeLayout, type StoreLayout } from "./layout";
import {
  acquireLock,
  lockOptionsOf,
  type HeldLock,
  type LockKind,
  type LockOptions,
  type LockWait,
} from "./lock-file";
import { forgetMount, makeMountsDirectory, noteMount, readMountPoints, releaseMount } from "./mount-points";
import { overlayDriver } from "./overlay";
import { changeRecord, type ContainerRecord, type ImageRecord, type LayerRecord } from "./records";
import { removeTree } from "../system/remove-tree";
import { vfsDriver } from "./vfs";

/** What of the configuration a store needs. */
export type StoreConfig = Pick<Config, "root" | "runRoot" | "storage" | "storageOptions"> &
  Partial<Pick<Config, "imageStore" | "transientStore">>;

/** How a store waits for locks and whom it tells. */
export interface StoreOptions extends LockWait {
  logger?: Logger;
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
}

/**
 * A store of containers/storage as it lies on disk. Every change is made under the locks that CRI-O, podman
 * and `containers-storage` take too, in their order: layers, mount points, images, containers.
 *
 * Reading takes the lock for reading. When it cannot be had, because somebody holds it for longer than the
 * time limit or the file system has no locks, reading goes on without: files of records are replaced whole, so that what is read is at worst a
 * moment old. Changing gives up instead.
 */
export class Store {
  readonly layout: StoreLayout;
  private readonly config: StoreConfig;
  private loadedDriver: GraphDriver | undefined;
  private readonly logger: Logger;
  private readonly lockOptions: LockOptions;
  private uninterruptedActions = 0;

  /** @throws KpodError UNSUPPORTED for a graph driver that kpod does not know */
  constructor(config: StoreConfig, options: StoreOptions = {}) {
    const driver = chooseDriver(config.root, config.storage);
    this.layout = storeLayout(config.root, config.runRoot, driver, config);
    this.config = config;
    this.logger = options.logger ?? silentLogger;
    this.lockOptions = lockOptionsOf(options, this.logger);
  }

  /** What handles the directories of layers. @throws KpodError UNSUPPORTED for an option that kpod cannot follow */
  get driver(): GraphDriver {
    const { root, storageOptions, imageStore } = this.config;
    this.loadedDriver ??=
      this.layout.driver === "vfs" ? vfsDriver(root) : overlayDriver(root, storageOptions, imageStore);
    return this.loadedDriver;
  }

  /** False when there is nothing at the store's root; what may not be looked at can be there. */
  exists(): boolean {
    try {
      statSync(this.layout.root);
      return true;
    } catch (error) {
      return !isNotFound(error);
    }
  }

  /** All containers, pods' infra containers among them. */
  containers(): Promise<ContainerRecord[]> {
    return this.reading(this.layout.containersLock, () => readContainers(this.layout, this.logger));
  }

  /**
   * The containers that one of these texts may mean, and the infra containers of their pods.
   * @returns undefined where only all records tell
   */
  containersNamed(idsOrNames: readonly string[]): Promise<ContainerRecord[] | undefined> {
    return this.reading(this.layout.containersLock, () => findContainers(this.layout, idsOrNames));
  }

  /** All images. */
  images(): Promise<ImageRecord[]> {
    return this.reading(this.layout.imagesLock, () => readImages(this.layout, this.logger));
  }

  /** All layers. */
  layers(): Promise<LayerRecord[]> {
    return this.reading(this.layout.layersLock, () => readLayers(this.layout, this.logger));
  }

  /**
   * Finds an image by name, id or digest.
   * @throws KpodError NOT_FOUND, or AMBIGUOUS for a short id
   */
  async image(wanted: string): Promise<ImageRecord> {
    const image = findImage(await this.images(), wanted);
    if (image === undefined) {
      throw new KpodError("NOT_FOUND", `image ${wanted} is not in the store ${this.layout.root}`, {
        hint: "see kpod images, or load it with kpod load",
      });
    }
    return image;
  }

  /** One piece of an image's big data. @throws KpodError CORRUPT */
  imageData(id: StorageId, key: string): Buffer {
    return readImageData(this.layout, id, key);
  }

  /** Directory of what CRI-O keeps of a container beyond a reboot. */
  userdataDirectory(id: StorageId): string {
    return `${this.layout.containerDirectory(id)}/userdata`;
  }

  /** Directory of what CRI-O keeps of a container until a reboot: the OCI bundle. */
  runUserdataDirectory(id: StorageId): string {
    return `${this.layout.containerRunDirectory(id)}/userdata`;
  }

  /**
   * Makes a container: its read-write layer, its directories and its record, or nothing of it.
   * @throws KpodError CONFLICT when a name or the id is taken, NOT_FOUND when the image has gone, IO, UNSUPPORTED
   */
  async createContainer(wanted: NewContainer): Promise<ContainerRecord> {
    const { layout } = this;
    const { layersLock, imagesLock, containersLock } = layout;
    const created = nanosecondsNow();
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
        flags: { MountLabel: "", ProcessLabel: "", ...(layout.newAreVolatile ? { Volatile: true } : {}) },
      };
      let recorded = false;
      try {
        this.driver.create(layer.id, isStorageId(image.layer) ? image.layer : undefined);
        mkdirSync(this.userdataDirectory(record.id), { recursive: true, mode: 0o700 });
        mkdirSync(this.runUserdataDirectory(record.id), { recursive: true, mode: 0o700 });
        addLayer(layout, layers.touch, layer);
        recorded = true;
        addContainer(layout, containers.touch, record);
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

  /**
   * Takes the locks in the order given, acts, and gives them back whatever happens. Nothing in it waits.
   * @throws KpodError LOCK_TIMEOUT, INTERRUPTED
   */
  async locked<const L extends readonly (readonly [string, LockKind])[], T>(
    wanted: L,
    action: (...locks: { [K in keyof L]: HeldLock }) => T,
  ): Promise<T> {
    const held: HeldLock[] = [];
    try {
      for (const [path, kind] of wanted) {
        if (kind === "write" && existsSync(this.layout.root))
          mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        held.push(await acquireLock(path, kind, this.lockOptionsNow()));
      }
      return action(...(held as { [K in keyof L]: HeldLock }));
    } finally {
      for (const lock of held.reverse()) lock.release();
    }
  }

  /**
   * Does something during which the signal does not end a wait for a lock: taking back what was begun, since a
   * Ctrl-C that ended it would leave the half of it behind.
   */
  async uninterrupted<T>(action: () => Promise<T>): Promise<T> {
    this.uninterruptedActions++;
    try {
      return await action();
    } finally {
      this.uninterruptedActions--;
    }
  }

  private lockOptionsNow(): LockOptions {
    return this.uninterruptedActions > 0 ? { ...this.lockOptions, signal: undefined } : this.lockOptions;
  }

  private async reading<T>(lock: string, action: () => T): Promise<T> {
    let held: HeldLock | undefined;
    let obstacle: KpodError | undefined;
    try {
      held = await acquireLock(lock, "read", this.lockOptionsNow());
    } catch (error) {
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
      obstacle = error;
    }
    try {
      const result = action();
      if (obstacle !== undefined) this.logger.warn(`${obstacle.message}: reading without it`);
      return result;
    } finally {
      held?.release();
    }
  }
}

/** The time now as containers/storage writes it. Milliseconds are what node's clock of the day has. */
function nanosecondsNow(): string {
  return new Date().toISOString();
}
