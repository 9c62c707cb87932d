import { existsSync } from "node:fs";
import { join } from "node:path";
import { hookDirectories, type Config, type HookParams } from "./config";
import { ContainerLists } from "./container-lists";
import { KpodError } from "./errors";
import { readHooks } from "./hooks/read-hooks";
import { silentLogger, type Logger } from "./logger";
import type { LogLine } from "./logs/log-line";
import { annotations } from "./oci/annotations";
import type { Container } from "./oci/container";
import { Runtime, writeStateFile, type RuntimeLimits } from "./oci/runtime";
import type { RuntimeChoice } from "./oci/runtime-handler";
import { readStateFile } from "./oci/state";
import { findContainer, isNotFoundError } from "./operations/find-container";
import type { Registrar } from "./index/registrar";
import { killContainer } from "./operations/kill";
import { pauseContainer, unpauseContainer } from "./operations/pause";
import { removeContainer } from "./operations/remove";
import { recoverRenames, renameContainer } from "./operations/rename";
import { journalDirectory } from "./operations/rename-journal";
import type { ContainerData } from "./operations/container-data";
import type { LogOptions } from "./operations/logs";
import { containerStateData, type ContainerStateData } from "./operations/state-data";
import { findStorageContainer } from "./operations/storage-container";
import type { LibcontainerStats } from "./operations/stats-source";
import type { ContainerStats } from "./operations/stats-values";
import { stopContainer } from "./operations/stop";
import { waitForExit } from "./operations/wait";
import { isSameRecorded, recordedOf, type Recorded } from "./recorded";
import { fileStateLock, memoryStateLock, type StateLock } from "./state-lock";
import { isStorageId, type StorageId } from "./storage/ids";
import { ImageServer } from "./storage/image-server";
import { lockOptionsOf, signalOf, type LockWait } from "./storage/lock-file";
import type { ContainerRecord } from "./storage/records";
import { RuntimeServer } from "./storage/runtime-server";
import { Store } from "./storage/store";

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
export class ContainerServer extends ContainerLists {
  readonly config: Config;
  readonly store: Store;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Keeps changes of state apart from those of other kpods on the node. */
  readonly withStateLock: StateLock;
  private readonly options: ServerOptions;
  private runtimeServer: RuntimeServer | undefined;
  private imageServer: ImageServer | undefined;
  private loadedHooks: Record<string, HookParams> | undefined;
  /** What the record of each pod and container said when it was loaded. */
  private readonly loaded = new Map<string, Recorded>();

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
      (container, exact) => this.runtimeChoice(container, exact),
      this.logger,
      options.runtimeLimits,
    );
    this.withStateLock = config.fileLocking
      ? fileStateLock(config.lockPath, lockOptionsOf(options, this.logger))
      : memoryStateLock();
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
   * runtime once for all its containers. A second call without changes in between changes nothing. A root
   * that does not exist holds nothing, and is not made.
   * @param options.states `containers` leaves out the infra containers of pods, false leaves the runtimes alone: for
   * callers that need names and records only
   * @throws KpodError CORRUPT, IO when the records cannot be read
   */
  async update({ states = true }: { states?: boolean | "containers" } = {}): Promise<void> {
    if (!this.store.exists()) {
      this.logger.warn(`the storage root ${this.store.layout.root} does not exist`);
    }
    await this.finishRenames();
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
    await this.finishRenames();
    const records = await this.store.containersNamed(idsOrNames);
    if (records !== undefined) {
      this.takeUp(records);
      if (idsOrNames.every((name) => this.means(name))) return;
    }
    await this.update({ states: false });
  }

  /** True for what is a container, or may be several. */
  private means(idOrName: string): boolean {
    try {
      this.lookupContainer(idOrName);
      return true;
    } catch (error) {
      return !isNotFoundError(error);
    }
  }

  private async finishRenames(): Promise<void> {
    if (existsSync(journalDirectory(this.store.layout.root))) await recoverRenames(this);
  }

  /** Makes the lists hold what these records say, and nothing else. */
  private takeUp(records: readonly ContainerRecord[]): void {
    const found = new Map<string, Recorded>();
    records.forEach((record) => {
      const recorded = recordedOf(record, this.store);
      if (recorded !== undefined) found.set(record.id, recorded);
    });
    for (const [id, before] of [...this.loaded]) {
      const now = found.get(id);
      if (now === undefined || !isSameRecorded(now, before)) this.forget(id);
      else before.container.forgetSpec();
    }
    // Pods first: containers are added to them.
    found.forEach((recorded) => {
      if (recorded.sandbox !== undefined) this.loadOrWarn(recorded);
    });
    found.forEach((recorded) => {
      if (recorded.sandbox === undefined) this.loadOrWarn(recorded);
    });
  }

  /**
   * The hooks that launching applies, by the name of their file (libkpod: Hooks). Read at the first call.
   * @throws KpodError BAD_CONFIG that names the file
   */
  hooks(): Record<string, HookParams> {
    this.loadedHooks ??= readHooks(hookDirectories(this.config), this.logger);
    return this.loadedHooks;
  }

  /** Loads one pod from the disk (libkpod: LoadSandbox). @throws KpodError NOT_FOUND, CORRUPT, CONFLICT */
  async loadSandbox(id: string): Promise<void> {
    const recorded = await this.findRecorded(id);
    if (recorded.sandbox === undefined)
      throw new KpodError("NOT_FOUND", `${id} is a container and not a pod`);
    this.load(recorded);
  }

  /** Loads one container from the disk (libkpod: LoadContainer). @throws KpodError NOT_FOUND, CORRUPT, CONFLICT */
  async loadContainer(id: string): Promise<void> {
    const recorded = await this.findRecorded(id);
    if (recorded.sandbox !== undefined)
      throw new KpodError("NOT_FOUND", `${id} is a pod and not a container`);
    this.load(recorded);
  }

  private async findRecorded(id: string): Promise<Recorded> {
    const record = (await this.store.containers()).find((candidate) => candidate.id === id);
    const recorded = record && recordedOf(record, this.store);
    if (recorded === undefined) {
      throw new KpodError(
        "NOT_FOUND",
        `${id} is not in the store ${this.store.layout.root}, or is not CRI-O's`,
      );
    }
    return recorded;
  }

  /** One that cannot be taken up must not keep the rest of the node from being looked at. */
  private loadOrWarn(recorded: Recorded): void {
    try {
      this.load(recorded);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      const kind = recorded.sandbox === undefined ? "container" : "pod";
      this.logger.warn(`${kind} ${recorded.container.id.slice(0, 13)} is left out: ${error.message}`);
    }
  }

  private load(recorded: Recorded): void {
    const { container, sandbox } = recorded;
    if (this.containers.has(container.id) || this.infraContainers.has(container.id)) return;
    if (sandbox === undefined) {
      this.takeName(this.ctrNameIndex, container);
      this.addContainer(container);
    } else {
      this.takeName(this.podNameIndex, sandbox);
      this.addSandbox(sandbox);
      this.addInfraContainer(container);
    }
    this.loaded.set(container.id, recorded);
  }

  /** As in containers/storage, a name belongs to the last record that has it; the others can be meant by their ids. */
  private takeName(index: Registrar, { id, name }: { id: string; name: string }): void {
    const holder = index.holder(name);
    if (holder === undefined || holder === id) return;
    index.release(name);
    this.logger.warn(
      `${holder.slice(0, 13)} and ${id.slice(0, 13)} have the same name: ${name} means the latter`,
    );
  }

  private forget(id: string): void {
    const container = this.containers.get(id);
    if (container !== undefined) this.removeContainer(container);
    const infra = this.infraContainers.get(id);
    if (infra !== undefined) this.removeInfraContainer(infra);
    if (this.sandboxes.has(id)) this.removeSandbox(id);
    this.loaded.delete(id);
  }

  private runtimeChoice(container: Container, exact: boolean): RuntimeChoice {
    const choice: RuntimeChoice = { handler: "", trusted: undefined, privileged: false };
    const { runtimes, runtimeUntrustedWorkload, defaultRuntime } = this.config;
    const handlers = Object.entries(runtimes);
    const byPlatform = handlers.some(
      ([, { platformRuntimePaths }]) => Object.keys(platformRuntimePaths).length > 0,
    );
    // With one runtime there is nothing to choose, and a list needs to read no spec.
    const onlyDefault = handlers.every(([name]) => name === defaultRuntime);
    if (!exact && onlyDefault && !byPlatform && runtimeUntrustedWorkload === "") return choice;
    const sandbox = this.sandboxes.get(container.sandboxId);
    if (sandbox === undefined) return choice;
    try {
      const { runtimeHandler: handler, trusted, privileged } = sandbox;
      return { handler, trusted, privileged, ...(byPlatform ? platformPathOf(container) : {}) };
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      this.logger.warn(`pod ${sandbox.name}: ${error.message}: taking the default runtime`);
      return choice;
    }
  }

  /**
   * Takes over what state.json notes of a container (libkpod: ContainerStateFromDisk). It is CRI-O's memory;
   * `runtime.updateStatus` tells what is.
   * @throws KpodError NOT_FOUND when there is none, CORRUPT
   */
  containerStateFromDisk(container: Container): void {
    const path = join(container.dir, "state.json");
    const state = readStateFile(path);
    if (state === undefined) throw new KpodError("NOT_FOUND", `${path} is missing`);
    container.state = state;
  }

  /** Notes the state of a container in its state.json (libkpod: ContainerStateToDisk). @throws KpodError BAD_STATE, IO */
  async containerStateToDisk(container: Container): Promise<void> {
    const state = container.state ?? (await this.runtime.updateStatus(container));
    if (state.status === "unknown") {
      throw new KpodError("BAD_STATE", `the state of container ${container.id} is unknown: nothing to note`);
    }
    writeStateFile(container, state);
  }

  /**
   * Sends a signal to a container's first process (libkpod: ContainerKill).
   * @param signal number of the signal
   * @returns the container's id, as the other changes do
   * @throws KpodError NOT_FOUND, AMBIGUOUS, BAD_STATE when it does not run, RUNTIME_FAILED, RUNTIME_TIMEOUT
   */
  containerKill(idOrName: string, signal: number): Promise<string> {
    return this.change(idOrName, "kill", (container) => killContainer(this, container, signal));
  }

  /** Freezes a container (libkpod: ContainerPause). @throws KpodError as `containerKill` */
  containerPause(idOrName: string): Promise<string> {
    return this.change(idOrName, "pause", (container) => pauseContainer(this, container));
  }

  /** Thaws a container (libkpod: ContainerUnpause). @throws KpodError as `containerKill` */
  containerUnpause(idOrName: string): Promise<string> {
    return this.change(idOrName, "unpause", (container) => unpauseContainer(this, container));
  }

  /**
   * Stops a container (libkpod: ContainerStop).
   * @param timeout seconds that it may take by itself; 0 kills it at once
   * @throws KpodError as `containerKill`, and INTERRUPTED
   */
  containerStop(idOrName: string, timeout: number, signal?: AbortSignal): Promise<string> {
    return this.change(idOrName, "stop", (container) =>
      stopContainer(this, container, timeout * 1000, signal),
    );
  }

  /**
   * Waits until a container has ended (libkpod: ContainerWait).
   * @returns its exit code, 255 when nobody knows it
   * @throws KpodError NOT_FOUND, AMBIGUOUS, INTERRUPTED
   */
  async containerWait(idOrName: string, signal?: AbortSignal): Promise<number> {
    return (await waitForExit(this, findContainer(this, idOrName, "wait"), { signal })) ?? 255;
  }

  /** Removes a container (libkpod: Remove). @throws KpodError as `containerKill`, and LOCK_TIMEOUT */
  remove(idOrName: string, force: boolean): Promise<string> {
    return this.change(idOrName, "rm", (container) => removeContainer(this, container, force));
  }

  /** Renames a container (libkpod: ContainerRename). @throws KpodError NOT_FOUND, AMBIGUOUS, BAD_ARGUMENT, CONFLICT */
  async containerRename(idOrName: string, newName: string): Promise<void> {
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
  getStorageContainer(nameOrId: string): Promise<ContainerRecord> {
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
    if (!this.store.exists()) return;
    await this.update();
    for (const container of [...this.containers.values(), ...this.infraContainers.values()]) {
      const { state, layerId } = container;
      if (state?.status !== "stopped" || !isStorageId(layerId) || this.isSpoofed(container)) continue;
      await this.store.unmount(layerId, true);
    }
    await this.store.shutdown();
  }

  /** True for the infra container of a pod that needs no process: without one it is not stopped. */
  private isSpoofed(container: Container): boolean {
    try {
      return this.sandboxes.get(container.id)?.spoofed === true;
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      this.logger.warn(error.message);
      return false;
    }
  }
}

/** The program that CRI-O noted for a container's platform, under its names in different versions. */
function platformPathOf({ specAnnotations: noted }: Container): Pick<RuntimeChoice, "platformPath"> {
  return {
    platformPath: noted[annotations.platformRuntimePath] ?? noted[annotations.platformRuntimePathBefore],
  };
}
