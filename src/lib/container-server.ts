import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { cgroupPopulation } from "./cgroups/population";
import { hookDirectories, type Config, type HookParams } from "./config";
import { ContainerLists } from "./container-lists";
import { ListLoader } from "./crio/list-loader";
import type { CrioRecord } from "./storage/container-metadata";
import { KpodError } from "./errors";
import { readHooks } from "./hooks/read-hooks";
import { silentLogger, type Logger } from "./logger";
import type { LogLine } from "./logs/log-line";
import type { StorageId } from "./names/ids";
import type { TruncIndex } from "./names/trunc-index";
import type { Container } from "./oci/container";
import { requireNode } from "./oci/node-sight";
import { Runtime, type RuntimeLimits } from "./oci/runtime";
import { runtimeChoiceOf } from "./oci/runtime/choice";
import { readPersistedState } from "./oci/state/persisted";
import type { ContainerData } from "./operations/container-data";
import { copyNotes } from "./operations/copy-notes";
import { containerStateData, type ContainerStateData } from "./operations/container-state-data";
import type { CopyDestination, CopyOptions, CopyResult, CopySource } from "./operations/copy";
import type { AttachEnd, AttachOptions } from "./operations/attach";
import type { ExecOptions } from "./operations/exec";
import type { ExportOptions } from "./operations/export";
import type { LogOptions } from "./operations/logs";
import type { MountedFileSystem } from "./operations/mounts";
import { correctNames, journalDirectory } from "./operations/rename-journal";
import type { ContainerStats, LibcontainerStats } from "./operations/stats-values";
import type { ContainerProcess } from "./operations/top";
import type { ResourceChanges } from "./operations/update";
import { hasVanished } from "./operations/vanished";
import type { LaunchParts } from "./server-parts";
import { ImageServer } from "./images/image-server";
import { storeStateLock, type StateLock } from "./storage/kpod-lock";
import { lockOptionsOf, signalOf, type LockWait } from "./storage/lock-file";
import type { ContainerRecord } from "./storage/records";
import { RuntimeServer } from "./storage/runtime-server";
import { Store } from "./storage/store";
import type { FileChange } from "./storage/change-runs";

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
export class ContainerServer implements LaunchParts {
  /** What it was made with (libkpod: Config). */
  readonly config: Config;
  /** Whom it tells. */
  readonly logger: Logger;
  /** The store on the disk (libkpod: Store). */
  readonly store: Store;
  /** The runtimes of its containers (libkpod: Runtime). */
  readonly runtime: Runtime;
  /** The pods and containers that are known. */
  readonly lists = new ContainerLists();
  /** Keeps changes of state apart from those of other kpods on the same store. */
  readonly withStateLock: StateLock;
  private readonly options: ServerOptions;
  private readonly loader: ListLoader;
  private runtimeServer: RuntimeServer | undefined;
  private imageServer: ImageServer | undefined;
  private loadedHooks: Record<string, HookParams> | undefined;

  // What the lists know is asked of the server, too, as of ContainerServer in libkpod.

  /** The containers that all filters want, newest first; infra containers are not among them (libkpod: ListContainers). */
  readonly listContainers = this.lists.listContainers.bind(this.lists);
  /** The pods, newest first (libkpod: ListSandboxes). */
  readonly listSandboxes = this.lists.listSandboxes.bind(this.lists);
  /** Finds a container by anything that names one: see `ContainerLists.lookupContainer` (libkpod: LookupContainer). */
  readonly lookupContainer = this.lists.lookupContainer.bind(this.lists);
  /** Finds a pod by anything that names one: see `ContainerLists.lookupSandbox` (libkpod: LookupSandbox). */
  readonly lookupSandbox = this.lists.lookupSandbox.bind(this.lists);
  /** Finds a container by full or partial id only (libkpod: GetContainerFromRequest). @throws KpodError NOT_FOUND, AMBIGUOUS */
  readonly getContainerFromRequest = this.lists.getContainerFromRequest.bind(this.lists);
  /** A container by its full id (libkpod: GetContainer). */
  readonly getContainer = this.lists.getContainer.bind(this.lists);
  /** An infra container by its full id (libkpod: GetInfraContainer). */
  readonly getInfraContainer = this.lists.getInfraContainer.bind(this.lists);
  /** A pod by its full id (libkpod: GetSandbox). */
  readonly getSandbox = this.lists.getSandbox.bind(this.lists);
  /** The infra container of a pod, by the pod's full id (libkpod: GetSandboxContainer). */
  readonly getSandboxContainer = this.lists.getSandboxContainer.bind(this.lists);
  /** True when a container with this full id is known (libkpod: HasContainer). */
  readonly hasContainer = this.lists.hasContainer.bind(this.lists);
  /** True when a pod with this full id is known (libkpod: HasSandbox). */
  readonly hasSandbox = this.lists.hasSandbox.bind(this.lists);
  /** Adds a container to the lists (libkpod: AddContainer). @throws KpodError CONFLICT */
  readonly addContainer = this.lists.addContainer.bind(this.lists);
  /** Adds the infra container of a pod to the lists (libkpod: AddInfraContainer). */
  readonly addInfraContainer = this.lists.addInfraContainer.bind(this.lists);
  /** Adds a pod to the lists, with the containers of it that are known already (libkpod: AddSandbox). @throws KpodError CONFLICT */
  readonly addSandbox = this.lists.addSandbox.bind(this.lists);
  /** Removes a container from the lists; the container itself is not touched (libkpod: RemoveContainer). */
  readonly removeContainer = this.lists.removeContainer.bind(this.lists);
  /** Removes an infra container from the lists (libkpod: RemoveInfraContainer). */
  readonly removeInfraContainer = this.lists.removeInfraContainer.bind(this.lists);
  /** Removes a pod from the lists (libkpod: RemoveSandbox). */
  readonly removeSandbox = this.lists.removeSandbox.bind(this.lists);
  /** Holds a name for a container that is being made (libkpod: ReserveContainerName). @throws KpodError CONFLICT */
  readonly reserveContainerName = this.lists.reserveContainerName.bind(this.lists);
  /** Frees a container's name (libkpod: ReleaseContainerName). */
  readonly releaseContainerName = this.lists.releaseContainerName.bind(this.lists);
  /** Holds a name for a pod that is being made (libkpod: ReservePodName). @throws KpodError CONFLICT */
  readonly reservePodName = this.lists.reservePodName.bind(this.lists);
  /** Frees a pod's name (libkpod: ReleasePodName). */
  readonly releasePodName = this.lists.releasePodName.bind(this.lists);
  /** Index of the names of containers (libkpod: CtrNameIndex). */
  readonly ctrNameIndex = this.lists.ctrNameIndex;
  /** Index of the ids of pods (libkpod: PodIDIndex). */
  readonly podIdIndex = this.lists.podIdIndex;
  /** Index of the names of pods (libkpod: PodNameIndex). */
  readonly podNameIndex = this.lists.podNameIndex;

  /**
   * Makes a server for the store and the runtimes of a configuration (libkpod: New). Nothing is read yet.
   * @throws KpodError UNSUPPORTED for a graph driver that kpod does not know
   */
  constructor(config: Config, options: ServerOptions = {}) {
    this.config = config;
    this.logger = options.logger ?? silentLogger;
    this.options = options;
    this.store = new Store(config, options);
    this.loader = new ListLoader(this.lists, this.store, this.logger);
    this.runtime = new Runtime(config, {
      choiceOf: (container, exact) =>
        runtimeChoiceOf(config, container, {
          exact,
          sandbox: this.getSandbox(container.sandboxId),
          logger: this.logger,
        }),
      logger: this.logger,
      limits: options.runtimeLimits,
      containersDirectory: dirname(this.store.layout.containersFiles[0]),
      populationOf: cgroupPopulation,
      // While its directory is there, so is its record: to read those for each of a thousand would take long.
      hasRecord: (container) => existsSync(container.dir) || !hasVanished(this, container),
    });
    this.withStateLock = storeStateLock(config, lockOptionsOf(options, this.logger));
  }

  /** Pods and containers in the store. */
  get storageRuntimeServer(): RuntimeServer {
    this.runtimeServer ??= new RuntimeServer(this.store);
    return this.runtimeServer;
  }

  /** Images in the store. */
  get storageImageServer(): ImageServer {
    this.imageServer ??= new ImageServer(this.store, this.config, this.logger);
    return this.imageServer;
  }

  /** Ends waits. */
  get signal(): AbortSignal | undefined {
    return signalOf(this.options.signal);
  }

  /**
   * Brings the lists of pods and containers up to what the disk says now, whoever changed it, with the state of each
   * (libkpod: Update). Nothing is written: see `finishRenames`. A second call without changes in between changes
   * nothing. A root that does not exist holds nothing, and is not made.
   *
   * Who needs no states calls `updateRecords`; the state of one container is `runtime.updateStatus`'s.
   * @param options.infra false leaves the states of the infra containers open, by which a pod is ready or not
   * @param options.records all records of CRI-O's, from who has just read them
   * @throws KpodError CORRUPT, IO when the records cannot be read
   */
  async update({
    infra = true,
    records,
  }: { infra?: boolean; records?: readonly CrioRecord[] | undefined } = {}): Promise<void> {
    if (records === undefined) await this.updateRecords();
    else {
      this.store.warnWhereMissing();
      this.loader.hold(records);
      correctNames(this);
    }
    await this.runtime.updateStatuses(this.lists.all().filter((container) => infra || !container.infra));
  }

  /**
   * The same without states: no runtime is asked.
   * @param idsOrNames the only containers that will be looked up: where all of them are there, only what they can mean is
   * loaded, with their pods, and so a store of a thousand takes no longer than one of ten
   * @throws KpodError CORRUPT, IO when the records cannot be read
   */
  async updateRecords(idsOrNames?: readonly string[]): Promise<void> {
    await this.loader.load(idsOrNames);
    correctNames(this);
  }

  /** Loads one pod from the disk (libkpod: LoadSandbox). @throws KpodError NOT_FOUND, CORRUPT, CONFLICT */
  loadSandbox(id: string): Promise<void> {
    return this.loader.loadSandbox(id);
  }

  /** Loads one container from the disk (libkpod: LoadContainer). @throws KpodError NOT_FOUND, CORRUPT, CONFLICT */
  loadContainer(id: string): Promise<void> {
    return this.loader.loadContainer(id);
  }

  /**
   * Finishes or rolls back the renames that broke off, as every change of a node should begin. One that somebody is
   * busy with is left to them.
   * @throws KpodError INTERRUPTED
   */
  async finishRenames(): Promise<void> {
    if (!existsSync(journalDirectory(this.store.layout.root))) return;
    const { recoverRenames } = await import("./operations/rename");
    await recoverRenames(this);
  }

  /**
   * Unmounts what copies have left mounted that were killed, as every change of a node should begin.
   * @throws KpodError CORRUPT, LOCK_TIMEOUT, IO
   */
  async finishCopies(): Promise<void> {
    if (!existsSync(copyNotes(this.config.runRoot))) return;
    const { unmountAbandoned } = await import("./operations/copy-mounts");
    await unmountAbandoned(this);
  }

  /**
   * Makes sure that this is the pid namespace of the node: see `requireNode` of oci/node-sight.
   * @param options.launching before something is launched, which asks for more
   * @throws KpodError UNSUPPORTED with the way in
   */
  requireNode({ launching = false }: { launching?: boolean } = {}): void {
    requireNode(() => this.runtime.sight(), launching);
  }

  /** Index of the ids of containers (libkpod: CtrIDIndex). */
  get ctrIdIndex(): TruncIndex {
    return this.lists.ctrIdIndex;
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
   * Reads the persisted state of a container, its state.json, into it (libkpod: ContainerStateFromDisk). It is CRI-O's memory;
   * `runtime.updateStatus` tells what is.
   * @throws KpodError NOT_FOUND when there is none, CORRUPT
   */
  containerStateFromDisk(container: Container): void {
    const path = join(container.dir, "state.json");
    const state = readPersistedState(path);
    if (state === undefined) throw new KpodError("NOT_FOUND", `${path} is missing`);
    container.state = state;
  }

  /** Persists the state of a container in its state.json (libkpod: ContainerStateToDisk). @throws KpodError BAD_STATE, IO */
  async containerStateToDisk(container: Container): Promise<void> {
    const { requirePersistedState } = await import("./operations/persist-state");
    await requirePersistedState(this, container);
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

  /**
   * Runs a further command in a container that runs; see `execInContainer`.
   * @returns its exit code
   * @throws KpodError NOT_FOUND, AMBIGUOUS, and as `execInContainer`
   */
  async containerExec(idOrName: string, options: ExecOptions): Promise<number> {
    const container = this.lookupContainer(idOrName, "exec", { attempt: "newest" });
    const { execInContainer } = await import("./operations/exec");
    return execInContainer(this, container, options);
  }

  /**
   * Connects to the streams of a container; see `attachToContainer`.
   * @throws KpodError NOT_FOUND, AMBIGUOUS, and as `attachToContainer`
   */
  async containerAttach(idOrName: string, options: AttachOptions): Promise<AttachEnd> {
    const container = this.lookupContainer(idOrName, "attach");
    const { attachToContainer } = await import("./operations/attach");
    return attachToContainer(this, container, options);
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
   * @param timeout seconds that it may take by itself; 0 kills it at once; undefined for what it was made with, else 10
   * @throws KpodError as `containerKill`, and INTERRUPTED
   */
  containerStop(idOrName: string, timeout: number | undefined, signal?: AbortSignal): Promise<string> {
    return this.change(idOrName, "stop", async (container) => {
      const { stopContainer } = await import("./operations/stop");
      await stopContainer(this, container, timeout === undefined ? undefined : timeout * 1000, signal);
    });
  }

  /**
   * Waits until a container has ended (libkpod: ContainerWait).
   * @returns its exit code, 255 when nobody knows it
   * @throws KpodError NOT_FOUND, AMBIGUOUS, INTERRUPTED
   */
  async containerWait(idOrName: string, signal?: AbortSignal): Promise<number> {
    const { waitForExit } = await import("./operations/wait");
    return (await waitForExit(this, this.lookupContainer(idOrName, "wait"), { signal })) ?? 255;
  }

  /**
   * Removes a container (libkpod: Remove).
   * @param force also one that runs, and what only a runtime or a conmon still knows
   * @throws KpodError as `containerKill`, and LOCK_TIMEOUT
   */
  async remove(idOrName: string, force: boolean): Promise<string> {
    const { removeByName } = await import("./operations/remove");
    return removeByName(this, idOrName, force);
  }

  /**
   * The processes of a container by their pids, with the names that they have in it. Nothing in it is asked.
   * @throws KpodError NOT_FOUND, AMBIGUOUS, BAD_STATE when it does not run
   */
  async containerProcesses(idOrName: string): Promise<ContainerProcess[]> {
    const { containerProcesses } = await import("./operations/top");
    return containerProcesses(this, this.lookupContainer(idOrName, "top", { attempt: "newest" }));
  }

  /** Changes limits of a container. @throws KpodError as `containerKill`, and BAD_ARGUMENT */
  containerUpdate(idOrName: string, changes: ResourceChanges): Promise<string> {
    return this.change(idOrName, "update", async (container) => {
      const { updateContainer } = await import("./operations/update");
      await updateContainer(this, container, changes);
    });
  }

  /** Renames a container (libkpod: ContainerRename). @throws KpodError NOT_FOUND, AMBIGUOUS, BAD_ARGUMENT, CONFLICT */
  async containerRename(idOrName: string, newName: string): Promise<void> {
    const { renameContainer } = await import("./operations/rename");
    await renameContainer(this, this.lookupContainer(idOrName, "rename"), newName);
  }

  private async change(
    idOrName: string,
    verb: string,
    action: (container: Container) => Promise<void>,
  ): Promise<string> {
    const container = this.lookupContainer(idOrName, verb);
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
   * What a container has over its image, an image or a layer over what is beneath it, or the second of two names over the
   * first; see `diffFileSystems` (libkpod: storage's Changes).
   * @throws KpodError NOT_FOUND, AMBIGUOUS, CORRUPT, NOT_PERMITTED, IO, INTERRUPTED
   */
  async diff(name: string, other?: string, signal?: AbortSignal): Promise<FileChange[]> {
    const [{ diffFileSystems }, { fileChanges }] = await Promise.all([
      import("./operations/diff"),
      import("./storage/change-runs"),
    ]);
    return fileChanges(await diffFileSystems(this, [name, other], signal));
  }

  /**
   * Writes the file system of a container as a tar archive; see `exportFileSystem`.
   * @returns how many files became shorter while they were read
   * @throws KpodError NOT_FOUND, AMBIGUOUS, CORRUPT, NOT_PERMITTED, IO, INTERRUPTED
   */
  async containerExport(idOrName: string, options: ExportOptions): Promise<number> {
    const { exportFileSystem } = await import("./operations/export");
    return exportFileSystem(this, idOrName, options);
  }

  /**
   * Copies files between the node and a container, two containers, or a container and a tar archive; see `copyFiles`.
   * @returns what could not be copied
   * @throws KpodError NOT_FOUND, AMBIGUOUS, BAD_ARGUMENT, BAD_STATE, CORRUPT, UNSUPPORTED, NOT_PERMITTED, IO, LOCK_TIMEOUT,
   * INTERRUPTED
   */
  async copy(source: CopySource, destination: CopyDestination, options?: CopyOptions): Promise<CopyResult> {
    const { copyFiles } = await import("./operations/copy");
    return copyFiles(this, source, destination, options);
  }

  /**
   * Mounts the file system of a container, or of an image so that it can only be read; see `mountFileSystem`.
   * @param label SELinux label in the place of the container's own
   * @throws KpodError NOT_FOUND, AMBIGUOUS, CORRUPT, UNSUPPORTED, IO, LOCK_TIMEOUT
   */
  async mount(name: string, label?: string): Promise<MountedFileSystem> {
    const { mountFileSystem } = await import("./operations/mounts");
    return mountFileSystem(this, name, label);
  }

  /**
   * Unmounts what `mount` mounted; see `unmountFileSystem`.
   * @param force for all who have it mounted, and of a container that runs, too
   * @throws KpodError NOT_FOUND, AMBIGUOUS, BAD_STATE, IO, LOCK_TIMEOUT
   */
  async unmount(name: string, force = false): Promise<void> {
    const { unmountFileSystem } = await import("./operations/mounts");
    await unmountFileSystem(this, name, force);
  }

  /** The containers whose file systems are mounted, in the order of their records, then the images. @throws KpodError CORRUPT, IO */
  async mounted(): Promise<MountedFileSystem[]> {
    const { listMounted } = await import("./operations/mounts");
    return listMounted(this);
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
