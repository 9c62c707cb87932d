import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { hookDirectories, type Config, type HookParams } from "./config";
import { KpodError } from "./errors";
import { readHooks } from "./hooks/read-hooks";
import { silentLogger, type Logger } from "./logger";
import type { LogLine } from "./logs/log-line";
import type { Container } from "./oci/container";
import { wayIn } from "./oci/node-sight";
import { Runtime, type RuntimeLimits } from "./oci/runtime";
import { findContainer } from "./operations/find-container";
import { containersInRename, journalDirectory } from "./operations/rename-journal";
import { renameInAnnotations } from "./operations/rename-names";
import type { ContainerData } from "./operations/container-data";
import type { LogOptions } from "./operations/logs";
import { containerStateData, type ContainerStateData } from "./operations/container-state-data";
import type { LibcontainerStats } from "./operations/stats-source";
import type { ContainerStats } from "./operations/stats-values";
import { hasVanished } from "./operations/vanished";
import { LoadedLists } from "./list-loader";
import { runtimeChoiceOf } from "./oci/runtime/choice";
import { storeStateLock, type StateLock } from "./storage/kpod-lock";
import type { StorageId } from "./names/ids";
import { ImageServer } from "./storage/image-server";
import { lockOptionsOf, signalOf, type LockWait } from "./storage/lock-file";
import type { ContainerRecord } from "./storage/records";
import { RuntimeServer } from "./storage/runtime-server";
import { Store } from "./storage/store";
import { isOwnProc } from "./system/namespaces";
import { writePersistedState, readPersistedState } from "./oci/state/persisted";

export { LockBudget } from "./storage/lock-budget";

/** How a ContainerServer waits and whom it tells. */
export interface ServerOptions extends LockWait {
  logger?: Logger;
  /** How long a runtime may take. */
  runtimeLimits?: RuntimeLimits;
}

/** How images are to be handled (libkpod: types.SystemContext). */
export interface ImageContext {
  /** File of the rules which images to trust; "" for the system's. */
  signaturePolicyPath: string;
}

/**
 * The pods and containers of a node, as its disk and its runtimes know them (libkpod: ContainerServer). It
 * needs no daemon: `update()` reads what is there now, and the rest works on that.
 */
export class ContainerServer extends LoadedLists {
  readonly config: Config;
  readonly store: Store;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Keeps changes of state apart from those of other kpods on the same store. */
  readonly withStateLock: StateLock;
  private readonly options: ServerOptions;
  private runtimeServer: RuntimeServer | undefined;
  private imageServer: ImageServer | undefined;
  private loadedHooks: Record<string, HookParams> | undefined;

  /**
   * Makes a server for the store and the runtimes of a configuration (libkpod: New). Nothing is read yet.
   * @throws KpodError UNSUPPORTED for a graph driver that kpod does not know
   */
  constructor(config: Config, options: ServerOptions = {}) {
    super();
    this.config = config;
    this.logger = options.logger ?? silentLogger;
    this.options = options;
    this.store = new Store(config, options);
    this.runtime = new Runtime(
      config,
      (container, exact) =>
        runtimeChoiceOf(config, container, {
          exact,
          sandbox: this.sandboxes.get(container.sandboxId),
          logger: this.logger,
        }),
      this.logger,
      options.runtimeLimits,
      dirname(this.store.layout.containersFiles[0]),
      // While its directory is there, so is its record: to read those for each of a thousand would take long.
      (container) => existsSync(container.dir) || !hasVanished(this, container),
    );
    this.withStateLock = storeStateLock(config, lockOptionsOf(options, this.logger));
  }

  /** Pods and containers in the store. */
  get storageRuntimeServer(): RuntimeServer {
    this.runtimeServer ??= new RuntimeServer(this.store);
    return this.runtimeServer;
  }

  /** Images in the store. */
  get storageImageServer(): ImageServer {
    this.imageServer ??= new ImageServer(this.store, this.logger);
    return this.imageServer;
  }

  /** Ends waits. */
  get signal(): AbortSignal | undefined {
    return signalOf(this.options.signal);
  }

  /**
   * Brings the lists of pods and containers up to what the disk says now, whoever changed it, and asks each
   * runtime once for all its containers. Nothing is written: see `finishRenames`. A second call without changes in
   * between changes nothing. A root that does not exist holds nothing, and is not made.
   * @param options.states `containers` leaves out the infra containers of pods, false leaves the runtimes alone: for
   * callers that need names and records only
   * @throws KpodError CORRUPT, IO when the records cannot be read
   */
  async update({ states = true }: { states?: boolean | "containers" } = {}): Promise<void> {
    if (!this.store.exists()) {
      this.logger.warn(`the storage root ${this.store.layout.root} does not exist`);
    }
    this.takeUp(await this.store.containers());
    if (states === false) return;
    const containers = [...this.containers.values()];
    await this.runtime.updateStatuses(
      states === "containers" ? containers : [...containers, ...this.infraContainers.values()],
    );
  }

  /**
   * The same for callers that look up these containers alone, and without their states: where all of them are there,
   * only what they can mean is loaded, with their pods, and so a store of a thousand takes no longer than one of ten.
   * @throws KpodError CORRUPT, IO when the records cannot be read
   */
  async updateFor(idsOrNames: readonly string[]): Promise<void> {
    const records = await this.store.containersNamed(idsOrNames);
    if (records !== undefined) {
      this.takeUp(records);
      if (idsOrNames.every((name) => this.means(name))) return;
    }
    await this.update({ states: false });
  }

  /**
   * Finishes or takes back the renames that broke off, as every change of a node should begin. One that somebody is
   * busy with is left to them.
   * @throws KpodError INTERRUPTED
   */
  async finishRenames(): Promise<void> {
    if (!existsSync(journalDirectory(this.store.layout.root))) return;
    const { recoverRenames } = await import("./operations/rename");
    await recoverRenames(this);
  }

  /**
   * Makes the lists hold what these records say. Where a rename broke off, spec and state.json may have another name
   * already, or still: what the record says counts, by which the rename will be finished or taken back.
   */
  protected override takeUp(records: readonly ContainerRecord[]): void {
    super.takeUp(records);
    for (const id of containersInRename(this.store.layout.root)) {
      const container = this.containers.get(id);
      if (container === undefined) continue;
      container.corrected = (annotations) => renameInAnnotations(annotations, container);
    }
  }

  /**
   * Makes sure that this is the pid namespace of the node, before anything is changed in it: elsewhere containers that
   * run look as if they had ended, and their pids are those of others.
   * @param launching where nothing runs by which the namespace could be told, what is on disk may still be changed, but
   * nothing launched: it would belong to a toolbox, say, and end with that
   * @throws KpodError UNSUPPORTED with the way in
   */
  requireNode({ launching = false }: { launching?: boolean } = {}): void {
    const place = isOwnProc() ? this.runtime.sight().place : "outside";
    if (place === "node" || (place === "unclear" && !launching)) return;
    throw new KpodError(
      "UNSUPPORTED",
      place === "outside"
        ? "this is another pid namespace than that of the node, whose processes cannot be changed from here"
        : "this is not the pid namespace of a machine, and nothing runs that shows it to be that of a node",
      { hint: wayIn },
    );
  }

  /**
   * The hooks that launching applies, by the name of their file (libkpod: Hooks). Read at the first call.
   * @throws KpodError BAD_CONFIG that names the file
   */
  hooks(): Record<string, HookParams> {
    this.loadedHooks ??= readHooks(hookDirectories(this.config), this.logger);
    return this.loadedHooks;
  }

  /**
   * Takes over what state.json notes of a container (libkpod: ContainerStateFromDisk). It is CRI-O's memory;
   * `runtime.updateStatus` tells what is.
   * @throws KpodError NOT_FOUND when there is none, CORRUPT
   */
  containerStateFromDisk(container: Container): void {
    const path = join(container.dir, "state.json");
    const state = readPersistedState(path);
    if (state === undefined) throw new KpodError("NOT_FOUND", `${path} is missing`);
    container.state = state;
  }

  /** Notes the state of a container in its state.json (libkpod: ContainerStateToDisk). @throws KpodError BAD_STATE, IO */
  async containerStateToDisk(container: Container): Promise<void> {
    const state = container.state ?? (await this.runtime.updateStatus(container));
    if (state.status === "unknown") {
      throw new KpodError("BAD_STATE", `the state of container ${container.id} is unknown: nothing to note`);
    }
    if (state.status === "creating") {
      throw new KpodError("BAD_STATE", `container ${container.id} is still being made: nothing to note`);
    }
    writePersistedState(container, state);
  }

  /**
   * Sends a signal to a container's first process (libkpod: ContainerKill).
   * @param signal number of the signal
   * @returns the container's id, as the other changes do
   * @throws KpodError NOT_FOUND, AMBIGUOUS, BAD_STATE when it does not run, RUNTIME_FAILED, RUNTIME_TIMEOUT
   */
  containerKill(idOrName: string, signal: number): Promise<string> {
    return this.change(idOrName, "kill", async (container) => {
      const { killContainer } = await import("./operations/kill");
      await killContainer(this, container, signal);
    });
  }

  /** Freezes a container (libkpod: ContainerPause). @throws KpodError as `containerKill` */
  containerPause(idOrName: string): Promise<string> {
    return this.change(idOrName, "pause", async (container) => {
      const { pauseContainer } = await import("./operations/pause");
      await pauseContainer(this, container);
    });
  }

  /** Thaws a container (libkpod: ContainerUnpause). @throws KpodError as `containerKill` */
  containerUnpause(idOrName: string): Promise<string> {
    return this.change(idOrName, "unpause", async (container) => {
      const { unpauseContainer } = await import("./operations/pause");
      await unpauseContainer(this, container);
    });
  }

  /**
   * Stops a container (libkpod: ContainerStop).
   * @param timeout seconds that it may take by itself; 0 kills it at once
   * @throws KpodError as `containerKill`, and INTERRUPTED
   */
  containerStop(idOrName: string, timeout: number, signal?: AbortSignal): Promise<string> {
    return this.change(idOrName, "stop", async (container) => {
      const { stopContainer } = await import("./operations/stop");
      await stopContainer(this, container, timeout * 1000, signal);
    });
  }

  /**
   * Waits until a container has ended (libkpod: ContainerWait).
   * @returns its exit code, 255 when nobody knows it
   * @throws KpodError NOT_FOUND, AMBIGUOUS, INTERRUPTED
   */
  async containerWait(idOrName: string, signal?: AbortSignal): Promise<number> {
    const { waitForExit } = await import("./operations/wait");
    return (await waitForExit(this, findContainer(this, idOrName, "wait"), { signal })) ?? 255;
  }

  /** Removes a container (libkpod: Remove). @throws KpodError as `containerKill`, and LOCK_TIMEOUT */
  remove(idOrName: string, force: boolean): Promise<string> {
    return this.change(idOrName, "rm", async (container) => {
      const { removeContainer } = await import("./operations/remove");
      await removeContainer(this, container, force);
    });
  }

  /** Renames a container (libkpod: ContainerRename). @throws KpodError NOT_FOUND, AMBIGUOUS, BAD_ARGUMENT, CONFLICT */
  async containerRename(idOrName: string, newName: string): Promise<void> {
    const { renameContainer } = await import("./operations/rename");
    await renameContainer(this, findContainer(this, idOrName, "rename"), newName);
  }

  private async change(
    idOrName: string,
    verb: string,
    action: (container: Container) => Promise<void>,
  ): Promise<string> {
    const container = findContainer(this, idOrName, verb);
    await action(container);
    return container.id;
  }

  /** How images are to be handled (libkpod: ImageContext). */
  get imageContext(): ImageContext {
    return { signaturePolicyPath: this.config.signaturePolicyPath };
  }

  /**
   * Everything of a container, with its state as it is now (libkpod: GetContainerData).
   * @param size measures it as well, which may have to look at every file in it
   * @throws KpodError NOT_FOUND, AMBIGUOUS; with size also CORRUPT, NOT_PERMITTED, IO, INTERRUPTED
   */
  async getContainerData(idOrName: string, size: boolean, signal?: AbortSignal): Promise<ContainerData> {
    const { containerData } = await import("./operations/container-data");
    return containerData(this, idOrName, size, signal);
  }

  /** Bytes of a container's read-write layer (libkpod: GetContainerRwSize). @throws KpodError NOT_FOUND, CORRUPT, IO */
  async getContainerRwSize(idOrName: string, signal?: AbortSignal): Promise<number> {
    const { containerRwSize } = await import("./operations/sizes");
    return containerRwSize(this, idOrName, signal);
  }

  /**
   * Bytes of the image's layers beneath a container, without its read-write layer (libkpod:
   * GetContainerRootFsSize).
   * @throws KpodError NOT_FOUND, CORRUPT, IO
   */
  async getContainerRootFsSize(idOrName: string, signal?: AbortSignal): Promise<number> {
    const { containerRootFsSize } = await import("./operations/sizes");
    return containerRootFsSize(this, idOrName, signal);
  }

  /** The id of a container's read-write layer (libkpod: GetContainerTopLayerID). @throws KpodError NOT_FOUND, CORRUPT */
  async getContainerTopLayerId(idOrName: string): Promise<StorageId> {
    const { topLayerId } = await import("./operations/sizes");
    return topLayerId(this, idOrName);
  }

  /**
   * The record of a container in the store, whoever made it, by id, name or unique prefix of the id (libkpod:
   * GetStorageContainer).
   * @throws KpodError NOT_FOUND, AMBIGUOUS
   */
  async getStorageContainer(nameOrId: string): Promise<ContainerRecord> {
    const { findStorageContainer } = await import("./operations/sizes");
    return findStorageContainer(this.store, nameOrId);
  }

  /** The state of a container when it was last looked up, as inspect shows it (libkpod: State). */
  state(container: Container): ContainerStateData {
    return containerStateData(container);
  }

  /**
   * The lines of a container's log (libkpod: GetLogs), read as they are asked for and in constant memory. The
   * runtime is asked only to follow a container that has not ended.
   * @throws KpodError NOT_FOUND when there is no such container or it has no log, AMBIGUOUS, CORRUPT,
   *   NOT_PERMITTED, IO, INTERRUPTED
   */
  async *getLogs(idOrName: string, options: LogOptions = {}): AsyncGenerator<LogLine, void> {
    const { getLogs } = await import("./operations/logs");
    yield* getLogs(this, idOrName, options);
  }

  /**
   * The raw numbers that the kernel counts for a running container (libkpod: LibcontainerStats): all that it
   * counts, in nanoseconds and bytes. No runtime is asked; `container.state` must be up to date.
   * @throws KpodError BAD_STATE when it does not run or has ended meanwhile; NOT_PERMITTED, IO
   */
  async libcontainerStats(container: Container): Promise<LibcontainerStats> {
    const { readContainerStats } = await import("./operations/stats-source");
    return readContainerStats(container, { detail: true });
  }

  /**
   * The stats of a running container (libkpod: GetContainerStats): what it uses, in percent and bytes. No runtime
   * is asked; `container.state` must be up to date.
   * @param previous an earlier answer, since which the use of processors is counted; without it, since the start
   * @throws KpodError BAD_STATE when it does not run or has ended meanwhile; NOT_PERMITTED, IO
   */
  async getContainerStats(container: Container, previous?: ContainerStats): Promise<ContainerStats> {
    const { getContainerStats } = await import("./operations/stats");
    return getContainerStats(container, previous);
  }

  /**
   * Leaves the store tidy (libkpod: Shutdown): unmounts what only stopped containers had mounted, and what the
   * graph driver itself mounted once no layer is mounted any more. Running containers stay as they are.
   */
  async shutdown(): Promise<void> {
    const { shutDown } = await import("./operations/shutdown");
    await shutDown(this);
  }
}
