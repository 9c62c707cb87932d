import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Config, RecordPlace } from "../config";
import { isNotFound, KpodError } from "../errors";
import { silentLogger, warningOnce, type Logger } from "../logger";
import { findContainers, readContainers } from "./containers";
import { vfsDriver, type GraphDriver } from "./driver";
import type { StorageId } from "../names/ids";
import { findImage, readImageData, readImages } from "./images";
import { readLayers } from "./layers";
import { chooseDriver, storeLayout, type StoreLayout } from "./layout";
import { LockBudget } from "./lock-budget";
import {
  acquireLock,
  lockOptionsOf,
  type HeldLock,
  type LockKind,
  type LockOptions,
  type LockWait,
  signalOf,
} from "./lock-file";
import { overlayDriver } from "./overlay";
import type { ContainerRecord, ImageRecord, LayerRecord } from "./records";

/** What of the configuration a store needs. */
export type StoreConfig = Pick<Config, "root" | "runRoot" | "storage" | "storageOptions"> &
  Partial<Pick<Config, "imageStore" | "transientStore" | "crioDefaults">>;

/** How a store waits for locks and whom it tells. */
export interface StoreOptions extends LockWait {
  logger?: Logger;
}

/** Milliseconds that taking back may wait for locks, when the work before it has used up what it had. */
const takeBackLimit = 10_000;

/**
 * A store of containers/storage as it lies on disk, for those who look at it, and its locks.
 *
 * Reading takes the lock for reading. When it cannot be had, because somebody holds it for longer than the
 * time limit or the file system has no locks, reading goes on without: files of records are replaced whole, so that
 * what is read is at worst a moment old. Changing gives up instead.
 */
export class StoreReader {
  readonly layout: StoreLayout;
  private readonly config: StoreConfig;
  private loadedDriver: GraphDriver | undefined;
  protected readonly logger: Logger;
  private readonly lockOptions: LockOptions;
  private uninterruptedActions = 0;
  private takeBackBudget: LockBudget | undefined;
  /** The locks of which it was said that reading goes on without them: once is enough. */
  private readonly toldObstacles = new Set<string>();

  /** @throws KpodError UNSUPPORTED for a graph driver that kpod does not know */
  constructor(config: StoreConfig, options: StoreOptions = {}) {
    const driver = chooseDriver(config.root, config.storage);
    this.layout = storeLayout(config.root, config.runRoot, driver, config);
    this.config = config;
    const logger = options.logger ?? silentLogger;
    // The same records are read several times for one command.
    this.logger = warningOnce(logger);
    this.lockOptions = lockOptionsOf(options, logger);
  }

  /** What handles the directories of layers. @throws KpodError UNSUPPORTED for an option that kpod cannot follow */
  get driver(): GraphDriver {
    const { root, storageOptions, imageStore } = this.config;
    this.loadedDriver ??=
      this.layout.driver === "vfs" ? vfsDriver(root) : overlayDriver(root, storageOptions, imageStore);
    return this.loadedDriver;
  }

  /** Where new containers, and their layers, are to be recorded. */
  protected get recordPlace(): RecordPlace {
    return this.layout.newAreVolatile ? "volatile" : (this.config.crioDefaults?.records ?? "stable");
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
        held.push(await acquireLock(path, kind, this.lockWait));
      }
      return action(...(held as { [K in keyof L]: HeldLock }));
    } finally {
      for (const lock of held.reverse()) lock.release();
    }
  }

  /**
   * Does something during which the signal does not end a wait for a lock: taking back what was begun, since a
   * Ctrl-C that ended it would leave the half of it behind. It has a time of its own to wait for locks, since what
   * failed may have failed for want of time.
   */
  async uninterrupted<T>(action: () => Promise<T>): Promise<T> {
    if (this.uninterruptedActions++ === 0) {
      const { clock } = this.lockOptions.budget ?? {};
      this.takeBackBudget = new LockBudget(takeBackLimit, clock);
    }
    try {
      return await action();
    } finally {
      this.uninterruptedActions--;
    }
  }

  /** What ends a wait now; nothing while something is taken back. */
  get interruption(): AbortSignal | undefined {
    return signalOf(this.lockWait.signal);
  }

  /** How locks are waited for at this moment: for those beside the store's own. */
  get lockWait(): LockOptions {
    return this.uninterruptedActions > 0
      ? { ...this.lockOptions, signal: undefined, budget: this.takeBackBudget }
      : this.lockOptions;
  }

  private async reading<T>(lock: string, action: () => T): Promise<T> {
    let held: HeldLock | undefined;
    let obstacle: KpodError | undefined;
    try {
      held = await acquireLock(lock, "read", this.lockWait);
    } catch (error) {
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
      obstacle = error;
    }
    try {
      const result = action();
      if (obstacle !== undefined && !this.toldObstacles.has(lock)) {
        this.toldObstacles.add(lock);
        this.logger.warn(`${obstacle.message}: reading without it`);
      }
      return result;
    } finally {
      held?.release();
    }
  }
}
