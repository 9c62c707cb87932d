import { statSync } from "node:fs";
import type { Config, RecordsFile } from "../config";
import { isNotFound, KpodError } from "../errors";
import { silentLogger, warningOnce, type Logger } from "../logger";
import type { StorageId } from "../names/ids";
import type { StoreParts } from "./change";
import { changeContainer, findContainers, readContainers } from "./containers";
import type { GraphDriver } from "./driver";
import { findImage, readImageData, readImages } from "./images";
import { readLayers } from "./layers";
import { overlayDirectories, vfsDirectories, type LayerDirectories } from "./layer-directories";
import { chooseDriver, storeLayout, type StoreLayout } from "./layout";
import type { HeldLock, LockKind, LockOptions, LockWait } from "./lock-file";
import type { UnmountExtent, UnmountOptions } from "./mount-points";
import type { NewContainer } from "./new-container";
import type { RecordTouches, RemovalParts } from "./removal";
import { changeRecord, type ContainerRecord, type ImageRecord, type LayerRecord } from "./records";
import { StoreLocks, type HeldLocks, type WantedLocks } from "./store-locks";
import type { Staging } from "./temp-directories";

export type { IdMap, IdMaps, NewContainer, SelinuxLabels } from "./new-container";

/** What of the configuration a store needs. */
export type StoreConfig = Pick<Config, "root" | "runRoot" | "storage" | "storageOptions"> &
  Partial<Pick<Config, "imageStore" | "transientStore" | "crioDefaults">>;

/** How a store waits for locks and whom it tells. */
export interface StoreOptions extends LockWait {
  logger?: Logger;
}

/**
 * A store of containers/storage as it lies on disk.
 *
 * Reading takes the lock for reading. When it cannot be had, because somebody holds it for longer than the
 * time limit or the file system has no locks, reading goes on without: files of records are replaced whole, so that
 * what is read is at worst a moment old. Changing gives up instead: every change is made under the locks that CRI-O,
 * podman and `containers-storage` take too, in their order: layers, mount points, images, containers. What changes it
 * is loaded by the first change.
 */
export class Store {
  readonly layout: StoreLayout;
  readonly locks: StoreLocks;
  readonly logger: Logger;
  private readonly config: StoreConfig;
  private knownDirectories: LayerDirectories | undefined;
  private loadedDriver: GraphDriver | undefined;

  /** @throws KpodError UNSUPPORTED for a graph driver that kpod does not know */
  constructor(config: StoreConfig, options: StoreOptions = {}) {
    const driver = chooseDriver(config.root, config.storage);
    this.layout = storeLayout(config.root, config.runRoot, driver, config);
    this.config = config;
    const logger = options.logger ?? silentLogger;
    // The same records are read several times for one command.
    this.logger = warningOnce(logger);
    this.locks = new StoreLocks(config.root, options, logger);
  }

  /** Where the graph driver keeps the directories of layers. */
  get driver(): LayerDirectories {
    const { root, imageStore } = this.config;
    this.knownDirectories ??=
      this.layout.driver === "vfs" ? vfsDirectories(root) : overlayDirectories(root, imageStore);
    return this.knownDirectories;
  }

  /** What makes, mounts and deletes them, too. @throws KpodError UNSUPPORTED for an option that kpod cannot follow */
  async loadDriver(): Promise<GraphDriver> {
    const { root, storageOptions, imageStore } = this.config;
    if (this.loadedDriver === undefined && this.layout.driver === "vfs") {
      const { vfsDriver } = await import("./driver");
      this.loadedDriver = vfsDriver(root);
    } else if (this.loadedDriver === undefined) {
      const { overlayDriver } = await import("./overlay");
      this.loadedDriver = overlayDriver(root, storageOptions, imageStore);
    }
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

  /** Warns where there is nothing at the store's root. @returns whether that is so */
  warnWhereMissing(): boolean {
    const isMissing = !this.exists();
    if (isMissing) this.logger.warn(`the storage root ${this.layout.root} does not exist`);
    return isMissing;
  }

  /** All containers, pods' infra containers among them. */
  containers(): Promise<ContainerRecord[]> {
    return this.locks.reading(this.layout.containersLock, () => readContainers(this.layout, this.logger));
  }

  /**
   * The containers that one of these texts may mean, and the infra containers of their pods.
   * @returns undefined where only all records tell
   */
  containersNamed(idsOrNames: readonly string[]): Promise<ContainerRecord[] | undefined> {
    return this.locks.reading(this.layout.containersLock, () => findContainers(this.layout, idsOrNames));
  }

  /** All images. */
  images(): Promise<ImageRecord[]> {
    return this.locks.reading(this.layout.imagesLock, () => readImages(this.layout, this.logger));
  }

  /** All layers. */
  layers(): Promise<LayerRecord[]> {
    return this.locks.reading(this.layout.layersLock, () => readLayers(this.layout, this.logger));
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

  /** Does something, as a rollback, during which no signal ends a wait for a lock; see {@link StoreLocks.uninterrupted}. */
  uninterrupted<T>(action: () => Promise<T>): Promise<T> {
    return this.locks.uninterrupted(action);
  }

  /** What ends a wait now; nothing during a rollback. */
  get interruption(): AbortSignal | undefined {
    return this.locks.interruption;
  }

  /** How locks are waited for at this moment: for those beside the store's own. */
  get lockWait(): LockOptions {
    return this.locks.wait;
  }

  /** Changes the store under its locks: see `changeStore`. */
  async change<const L extends WantedLocks, T>(
    wanted: L,
    action: (staging: Staging, ...locks: HeldLocks<L>) => T | Promise<T>,
  ): Promise<T> {
    const { changeStore } = await import("./change");
    return changeStore(await this.parts(), wanted, action);
  }

  private async parts(): Promise<StoreParts> {
    const { layout, locks, logger } = this;
    return { layout, locks, logger, driver: await this.loadDriver() };
  }

  /**
   * Makes a container: its read-write layer, its directories and its record, or nothing of it.
   * @throws KpodError CONFLICT when a name or the id is taken, NOT_FOUND when the image has gone, IO, UNSUPPORTED
   */
  async createContainer(wanted: NewContainer): Promise<ContainerRecord> {
    const { createContainer } = await import("./new-container");
    const ofVersion: RecordsFile = this.config.crioDefaults?.records ?? "stable";
    return createContainer(await this.parts(), wanted, this.layout.newAreVolatile ? "volatile" : ofVersion);
  }

  /**
   * Deletes a container: mount, layer, directories and record. What is gone already counts as deleted, so that a
   * half-deleted container can be finished off. Its process must have ended.
   * @param strayLayer the layer to delete when the record is gone: one that nobody else uses
   * @param options.busy false has all of it stay where somebody works in it, or has something mounted there: BAD_STATE
   * @returns CORRUPT when its record names a layer that somebody else needs, which stays; all else has gone
   * @throws KpodError CORRUPT when records cannot be read, and then nothing has gone; LOCK_TIMEOUT, IO, NOT_PERMITTED,
   * INTERRUPTED
   */
  async deleteContainer(
    id: StorageId,
    strayLayer?: StorageId,
    options: UnmountOptions = {},
  ): Promise<KpodError | undefined> {
    const { deleteContainer, strayRecord } = await import("./removal");
    return this.removing("write", (parts, touch) => {
      const record =
        readContainers(this.layout, this.logger).find((each) => each.id === id) ??
        strayRecord(this, id, strayLayer);
      return deleteContainer(parts, record, touch.containers, options);
    });
  }

  /**
   * Removes under all locks of the store, as {@link change} does.
   * @param containers how that of the containers is held: who only looks for users of something reads them
   * @param action is given what removals work with, and what tells the readers of other files of a change
   */
  async removing<T>(
    containers: LockKind,
    action: (parts: RemovalParts, touch: RecordTouches) => T | Promise<T>,
  ): Promise<T> {
    const { makeMountsDirectory } = await import("./mount-points");
    const { layout, logger } = this;
    const driver = await this.loadDriver();
    makeMountsDirectory(layout);
    const locks = [
      [layout.layersLock, "write"],
      [layout.mountsLock, "write"],
      [layout.imagesLock, "write"],
      [layout.containersLock, containers],
    ] as const;
    return this.change(locks, (staging, layers, mounts, images, held) => {
      const touch = { layers: layers.touch, mounts: mounts.touch };
      return action(
        { layout, driver, staging, logger, touch },
        { mounts: mounts.touch, images: images.touch, containers: held.touch },
      );
    });
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
    return this.locks.during([[this.layout.containersLock, "write"]] as const, ({ touch }) => {
      changeContainer(this.layout, touch, id, fields, this.logger);
    });
  }

  /**
   * Mounts a container's file system; each mount needs its unmount.
   * @param readOnly for a layer that others have beneath theirs
   * @returns where it appears
   * @throws KpodError CORRUPT when the directory of the layer is missing, IO, LOCK_TIMEOUT
   */
  async mount(layer: StorageId, label = "", readOnly = false): Promise<string> {
    const { mountLayer } = await import("./mount-points");
    const parts = await this.parts();
    return this.withMounts(({ touch }) => mountLayer(parts, touch, layer, label, readOnly));
  }

  /**
   * Removes one user of a mount, or with force all of a layer's.
   * @param extent with `one-of-several` the last user stays
   * @param options.busy false has the mount stay where somebody works in it: an error of the operating system, EBUSY
   * @returns whether it is still mounted for others
   * @throws KpodError BAD_STATE where the last user would go that is to stay; IO, LOCK_TIMEOUT
   */
  async unmount(
    layer: StorageId,
    extent: UnmountExtent | boolean = "one",
    options: UnmountOptions = {},
  ): Promise<boolean> {
    const { unmountLayer } = await import("./mount-points");
    const parts = await this.parts();
    const wanted = extent === true ? "all" : extent === false ? "one" : extent;
    return this.withMounts(({ touch }) => unmountLayer(parts, touch, layer, wanted, options));
  }

  /** Unmounts what the graph driver mounted for itself, unless a layer is still mounted. */
  async shutdown(): Promise<void> {
    const { readMountPoints } = await import("./mount-points");
    const driver = await this.loadDriver();
    await this.withMounts(() => {
      if (readMountPoints(this.layout).length === 0) driver.shutdown();
    });
  }

  private async withMounts<T>(action: (mounts: HeldLock) => T): Promise<T> {
    const { makeMountsDirectory } = await import("./mount-points");
    makeMountsDirectory(this.layout);
    const locks = [
      [this.layout.layersLock, "write"],
      [this.layout.mountsLock, "write"],
    ] as const;
    return this.change(locks, (_staging, _layers, mounts) => action(mounts));
  }
}
