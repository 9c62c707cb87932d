import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { members, type BindMount } from "../checkpoint/format";
import { checkpointImages } from "../checkpoint/kept";
import { writeCheckpointArchive } from "../checkpoint/write-archive";
import { describeErrno, errorMessage, KpodError, orFileError, throwIfInterrupted } from "../errors";
import { logPathOf } from "../logs/log-path";
import { isStorageId, type StorageId } from "../names/ids";
import { annotations } from "../oci/annotations";
import { containerInWords, type Container } from "../oci/container";
import { isBindMount, type Spec } from "../oci/spec";
import { killedExitCode } from "../oci/state/resolved";
import type { ServerParts } from "../server-parts";
import type { ChangeRun } from "../storage/change-runs";
import { compareLayers } from "../storage/compare-layers";
import { tarLayers } from "../storage/tar-tree";
import { setFileContext } from "../system/extended-attributes";
import { removeIfThere } from "../system/files";
import { openOutputFile, type OutputFile } from "../system/output-file";
import { removeTree } from "../system/remove-tree";
import { criuError, removeCheckpoint, requireCriuWithLabels } from "./checkpoint-files";
import { keepNetworkLocked, tellOfLock, unlockNetwork } from "./checkpoint-network";
import { layerDirectories, parentLayer } from "./file-systems";
import { notRunning, sendSignal } from "./kill";
import { podNetworksData } from "./network-data";
import { noteContainer, noteEnd } from "./note-event";
import { persistKnownState, persistLostExit } from "./persist-state";
import { waitForExit } from "./wait";

/** How a container is checkpointed. */
export interface CheckpointOptions {
  /** The file for an archive of it; without one, the checkpoint stays with the container, which is restored in its place. */
  readonly exportPath?: string | undefined;
  /** Has the container run on. */
  readonly leaveRunning?: boolean;
  /** Keeps its connections of TCP; else one that has some is not checkpointed. */
  readonly tcpEstablished?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds within which a container must be gone that was killed. */
const killTimeLimit = 10_000;

/**
 * Writes down what the processes of a container are, and ends them, so that they can go on from there: with the container
 * itself, or as an archive, which has the files that it changed as well. Where that fails, the container runs on.
 *
 * Nothing of it runs while its files are read. What is exported ends only once the archive is there whole: the one exception is a
 * container that keeps its connections, which criu must end itself, before they could be closed; where its archive then cannot be
 * written, the checkpoint stays with the container.
 * @throws KpodError BAD_STATE for one that does not run, UNSUPPORTED where its runtime or the node cannot, RUNTIME_FAILED with
 * what criu said, RUNTIME_TIMEOUT, IO, NOT_PERMITTED, INTERRUPTED
 */
export async function checkpointContainer(
  server: ServerParts,
  container: Container,
  options: CheckpointOptions = {},
): Promise<void> {
  server.requireNode();
  await requireRunning(server, container);
  await server.runtime.requireCheckpoints(container);
  if (options.leaveRunning !== true) {
    const { selinuxLabel } = container.spec.process ?? {};
    requireCriuWithLabels(selinuxLabel, `cannot checkpoint ${containerInWords(container)}`);
  }
  const { layerId } = container;
  if (!isStorageId(layerId))
    throw new KpodError("CORRUPT", `the record of container ${container.id} names no layer`);
  const { exportPath } = options;
  const file = exportPath === undefined ? undefined : openOutputFile(exportPath, 0o600, { secret: true });
  try {
    await new Checkpoint(server, container, layerId, options).make(file);
  } catch (error) {
    file?.abandon();
    throw error;
  }
}

/** @throws KpodError BAD_STATE */
async function requireRunning(
  { runtime }: Pick<ServerParts, "runtime">,
  container: Container,
): Promise<void> {
  const { status } = await runtime.updateStatus(container);
  if (status === "running") return;
  const cannot = `cannot checkpoint ${containerInWords(container)}`;
  if (status === "paused")
    throw new KpodError("BAD_STATE", `${cannot}: it is paused`, { hint: "unpause it" });
  throw new KpodError("BAD_STATE", `${cannot}: ${notRunning(container)}`);
}

class Checkpoint {
  private readonly images: string;
  private readonly leaveRunning: boolean;
  private readonly tcpEstablished: boolean;
  private readonly signal: AbortSignal | undefined;

  constructor(
    private readonly server: ServerParts,
    private readonly container: Container,
    private readonly layer: StorageId,
    { leaveRunning = false, tcpEstablished = false, signal }: CheckpointOptions,
  ) {
    this.images = checkpointImages(container);
    this.leaveRunning = leaveRunning;
    this.tcpEstablished = tcpEstablished;
    this.signal = signal;
  }

  async make(file: OutputFile | undefined): Promise<void> {
    // It is frozen only where it may have to run on.
    const endedByCriu = !this.leaveRunning && (file === undefined || this.tcpEstablished);
    if (endedByCriu) {
      // Its end comes with the dump, and the checkpoint before it.
      const time = Date.now();
      const dump = (): Promise<void> => this.dump(false);
      await (this.tcpEstablished ? keepNetworkLocked(this.server, this.container, dump) : dump());
      noteContainer(this.server, this.container, "checkpoint", { time });
      await this.server.store.uninterrupted(() => this.settle());
      if (this.tcpEstablished) tellOfLock(this.server, this.container);
      else await unlockNetwork(this.server, this.container, { ends: true });
      if (file !== undefined) await this.exportEnded(file);
      return;
    }
    const { logger, runtime, store } = this.server;
    try {
      // A runtime that is given up may have frozen it all the same.
      await runtime.pauseContainer(this.container);
      await this.dump(true);
      if (file !== undefined) await this.exportFrozen(file);
      noteContainer(this.server, this.container, "checkpoint");
      if (!this.leaveRunning) await store.uninterrupted(() => this.kill());
    } catch (error) {
      try {
        await this.thaw();
      } catch (another) {
        logger.warn(`${containerInWords(this.container)} may still be paused: ${errorMessage(another)}`);
      }
      throw error;
    }
    await this.thaw();
    await store.uninterrupted(() => this.settle());
  }

  /** Has criu write the images. */
  private async dump(leaveRunning: boolean): Promise<void> {
    const { container, images } = this;
    removeCheckpoint(container);
    orFileError(`cannot make ${images}`, () => {
      mkdirSync(images, { mode: 0o700 });
    });
    this.makeLog();
    try {
      await this.server.runtime.checkpointContainer(container, {
        ...{ imagesPath: images, workPath: container.dir },
        ...{ leaveRunning, tcpEstablished: this.tcpEstablished },
      });
    } catch (error) {
      removeTree(images);
      throw criuError(`cannot checkpoint ${containerInWords(container)}`, this.logPath, error);
    }
  }

  private get logPath(): string {
    return join(this.container.dir, members.dumpLog);
  }

  /** Makes the log of criu, which writes to it from within the container, too. */
  private makeLog(): void {
    orFileError(`cannot write ${this.logPath}`, () => {
      removeIfThere(this.logPath);
      closeSync(openSync(this.logPath, "wx", 0o600));
      setFileContext(this.logPath, this.container.spec.linux?.mountLabel ?? "");
    });
  }

  private async kill(): Promise<void> {
    const { server, container } = this;
    await server.runtime.updateStatus(container);
    await sendSignal(server, container, constants.signals.SIGKILL);
    if ((await waitForExit(server, container, { timeoutMs: killTimeLimit, killed: true })) !== undefined)
      return;
    throw new KpodError(
      "RUNTIME_TIMEOUT",
      `container ${container.id} is checkpointed, and still there ${killTimeLimit / 1000} s after KILL`,
    );
  }

  private async thaw(): Promise<void> {
    const { runtime } = this.server;
    const { status } = await runtime.updateStatus(this.container);
    if (status === "paused") await runtime.unpauseContainer(this.container);
  }

  /** Writes down what has become of it. */
  private async settle(): Promise<void> {
    const { server, container } = this;
    const checkpointed = new Date();
    if (!this.leaveRunning) {
      await waitForExit(server, container, { timeoutMs: killTimeLimit, killed: true });
      await persistLostExit(server, container, killedExitCode);
      noteEnd(server, container);
      await server.store.unmount(this.layer, true);
    }
    const state = await server.runtime.updateStatus(container);
    state.checkpointed = checkpointed;
    await persistKnownState(server, container, state);
  }

  /** The images stay in no case: where it runs on, they do not fit its files any more. */
  private async exportFrozen(file: OutputFile): Promise<void> {
    try {
      await this.export(file);
    } finally {
      removeCheckpoint(this.container);
    }
  }

  /** @throws KpodError which says that the checkpoint is there all the same */
  private async exportEnded(file: OutputFile): Promise<void> {
    try {
      await this.export(file);
      removeCheckpoint(this.container);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      throw new KpodError(error.code, `the checkpoint is not exported: ${error.message}`, {
        cause: error,
        hint: `${containerInWords(this.container)} has ended, and keeps the checkpoint: restore it by its name`,
      });
    }
  }

  /** Writes the archive. */
  private async export(file: OutputFile): Promise<void> {
    const { container, signal, server } = this;
    throwIfInterrupted(signal, "checkpointing");
    const rootDiff = join(container.dir, members.rootDiff);
    try {
      const deletedFiles = await this.writeRootDiff(rootDiff);
      const parts = {
        directory: container.dir,
        config: this.config(),
        spec: this.specText(),
        bindMounts: bindMountsOf(container.spec),
        rootDiff,
        deletedFiles,
        networkStatus: networkStatusOf(server, container),
        logPath: logPathOf(container, server.config.logDir),
      };
      await writeCheckpointArchive(parts, file.write, signal);
      file.finish();
    } finally {
      removeIfThere(rootDiff);
    }
  }

  private config() {
    const { server, container } = this;
    const { id, name, imageName, imageId, createdAt } = container;
    return {
      ...{ id, name, rootfsImage: imageName, rootfsImageRef: imageId },
      rootfsImageName: container.annotation(annotations.imageName),
      runtime: server.runtime.handler(container).name,
      ...{ createdTime: createdAt, checkpointedTime: new Date() },
    };
  }

  /** As its runtime has it. */
  private specText(): string {
    const { bundlePath, dir } = this.container;
    const path = [bundlePath, dir].map((directory) => join(directory, "config.json")).find(existsSync) ?? "";
    return orFileError(`cannot read ${path}`, () => readFileSync(path, "utf8"));
  }

  /**
   * Writes the files that the container has changed over its image.
   * @returns the paths of those that it removed
   */
  private async writeRootDiff(path: string): Promise<string[]> {
    const { server, container, layer, signal } = this;
    const directories = await layerDirectories(server, layer);
    const beneath = await layerDirectories(server, await parentLayer(server, layer));
    const changes = await compareLayers(beneath, directories, signal);
    const without = placesOfRuntime(container.spec);
    const file = openOutputFile(path, 0o600, { secret: true });
    try {
      await tarLayers(directories, file.write, {
        owner: ({ uid, gid }) => ({ uid, gid }),
        logger: server.logger,
        signal,
        only: new Set(changes.flatMap(({ kind, paths }) => (kind === "deleted" ? [] : paths))),
        without,
      });
    } catch (error) {
      file.abandon();
      throw error;
    }
    file.finish();
    return removedIn(changes, without);
  }
}

/** Of a directory that was removed, it alone is named. */
function removedIn(changes: readonly ChangeRun[], without: ReadonlySet<string>): string[] {
  return changes
    .flatMap(({ kind, paths }) => (kind === "deleted" ? paths : []))
    .filter((path) => !without.has(path));
}

/** Where the runtime makes mounts of its own, as CRI-O has them. */
const ofRuntime = ["/dev", "/dev/shm", "/proc", "/run", "/run/.containerenv", "/run/secrets", "/sys"];

/** What of a root file system the runtime has made to mount something on. */
function placesOfRuntime({ mounts = [] }: Spec): Set<string> {
  return new Set([...ofRuntime, ...mounts.filter(isBindMount).map(({ destination }) => destination)]);
}

/** What of the node is mounted in it: to restore it takes a file where there was one. @throws KpodError IO */
function bindMountsOf({ mounts = [] }: Spec): BindMount[] {
  return mounts.flatMap((mount) => {
    const { source = "", destination } = mount;
    if (!isBindMount(mount) || ofRuntime.includes(destination)) return [];
    const stat = statOf(source);
    return [
      {
        ...{
          source,
          destination,
          file_type: stat.isDirectory() ? ("directory" as const) : ("file" as const),
        },
        permissions: stat.mode & 0o777,
      },
    ];
  });
}

function statOf(source: string) {
  try {
    return statSync(source);
  } catch (error) {
    throw new KpodError("IO", `what is mounted from ${source} is not there: ${describeErrno(error)}`, {
      cause: error,
    });
  }
}

/** The networks of its pod, as podman writes them down; undefined for none. */
function networkStatusOf(
  { lists }: Pick<ServerParts, "lists">,
  { sandboxId }: Pick<Container, "sandboxId">,
): Record<string, unknown> | undefined {
  const sandbox = lists.getSandbox(sandboxId);
  if (sandbox === undefined) return undefined;
  const networks = podNetworksData(sandbox, sandbox.infraContainer.specAnnotations);
  if (networks.length === 0) return undefined;
  return Object.fromEntries(
    networks.map(({ Name, Interface, MAC, IPs, Gateways }) => [
      Name,
      {
        interfaces: {
          [Interface]: {
            mac_address: MAC,
            subnets: IPs.map((ipnet, index) => ({ ipnet, gateway: Gateways[index] ?? "" })),
          },
        },
      },
    ]),
  );
}
