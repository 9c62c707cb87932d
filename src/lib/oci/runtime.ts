import { join } from "node:path";
import { KpodError } from "../errors";
import { silentLogger, type Logger } from "../logger";
import { removeIfThere, writeFileAtomic } from "../system/files";
import { findExecutable } from "../system/executable";
import { isSamePath } from "../system/paths";
import { identifyProcess } from "../system/process-identity";
import type { ConmonConfig, CreateOptions } from "./conmon/create";
import { findConmon } from "./conmon/program";
import { findMonitor } from "./conmon/find";
import type { Container } from "./container";
import type { ContainerPopulation, NodeSight } from "./node-sight";
import type { RuntimeCallOptions } from "./runtime/call";
import type { SpecResources } from "./spec";
import type { ExecRequest, ExecResult, RunRequest } from "./runtime/exec";
import { defaultChoice } from "./runtime/choice";
import {
  chooseRuntime,
  requireCallable,
  type RuntimeConfigPart,
  type RuntimeHandler,
} from "./runtime/handler";
import { RuntimeLocator, type ChoiceOf } from "./runtime/locator";
import type { ContainerState } from "./state/container-state";
import { StateLookup } from "./state/lookup";
import { hasNoState, queryRuntimeState, type RuntimeState } from "./state/runtime";

export type { CreateOptions } from "./conmon/create";
export type { RestoreSource } from "./conmon/options";

/** What of the configuration a Runtime needs. */
export type RuntimeConfig = RuntimeConfigPart & ConmonConfig;

/** How long a runtime may take. */
export interface RuntimeLimits {
  /** Milliseconds that it has to answer a call; default 10 s. */
  callMs?: number | undefined;
  /** Milliseconds that it has to create a container; default 240 s, as long as CRI-O waits. */
  createMs?: number | undefined;
  /** Milliseconds that it has to write a checkpoint, with all memory of a container; default an hour. */
  checkpointMs?: number | undefined;
}

/** What checkpoint of a container is to be made. */
export interface CheckpointRequest {
  /** A directory for the images of criu. */
  readonly imagesPath: string;
  /** A directory for its log. */
  readonly workPath: string;
  /** False has its processes end once they are written. */
  readonly leaveRunning: boolean;
  /** Keeps connections of TCP; else a container that has some cannot be checkpointed. */
  readonly tcpEstablished: boolean;
}

/** What a Runtime is told beside the configuration. */
export interface RuntimeContext {
  /** What a container and its pod ask for; left out for the default runtime. */
  readonly choiceOf?: ChoiceOf;
  readonly logger?: Logger;
  readonly limits?: RuntimeLimits | undefined;
  /** The store's directory of containers, which tells of processes, too. */
  readonly containersDirectory?: string;
  /** Looks at the cgroups of all containers, which tell of processes in other pid namespaces; left out, nobody does. */
  readonly populationOf?: () => ContainerPopulation;
  /** False for a container that the store does not have any more. */
  readonly hasRecord?: (container: Container) => boolean;
}

/** Milliseconds that making a container may take; as long as CRI-O waits. */
const createTimeLimit = 240_000;

/** The same for a checkpoint, with all memory of a container: the disk may be slow. */
const checkpointTimeLimit = 3_600_000;

/**
 * Drives the OCI runtimes of a node, runc, crun or what the configuration names (libkpod: oci.Runtime).
 */
export class Runtime {
  private readonly config: RuntimeConfig;
  private readonly limits: RuntimeLimits;
  private readonly calls: RuntimeCallOptions;
  /** Which runtime has a container. */
  private readonly runtimes: RuntimeLocator;
  /** What the state of a container is. */
  private readonly states: StateLookup;

  constructor(
    config: RuntimeConfig,
    {
      choiceOf,
      logger = silentLogger,
      limits = {},
      containersDirectory = "",
      populationOf = () => ({ isPopulated: () => undefined, hasForeign: () => false }),
      hasRecord = () => true,
    }: RuntimeContext = {},
  ) {
    this.config = config;
    this.limits = limits;
    this.calls = { timeoutMs: limits.callMs, logger };
    this.runtimes = new RuntimeLocator(config, choiceOf);
    this.states = new StateLookup({
      runtimes: this.runtimes,
      calls: this.calls,
      exitsDir: config.containerExitsDir,
      containersDirectory,
      populationOf,
      hasRecord,
      logger,
    });
  }

  /**
   * The handler that has a container, wherever that is; for one that no runtime has, the handler its pod asks
   * for, and without a container the default one.
   * @throws KpodError RUNTIME_FAILED, BAD_CONFIG for a handler that is not configured
   */
  handler(container?: Container): RuntimeHandler {
    return this.runtimes.handler(container);
  }

  /** The name of the default runtime (libkpod: Name). @throws KpodError RUNTIME_FAILED */
  name(): string {
    return this.handler().name;
  }

  /** The path of the runtime that runs a container, by the rules of trust (libkpod: Path). @throws KpodError RUNTIME_FAILED */
  path(container?: Container): string {
    return this.handler(container).path;
  }

  /** Looks up the state of one container and keeps it in the container (libkpod: UpdateStatus). */
  async updateStatus(container: Container): Promise<ContainerState> {
    container.state = await this.containerStatus(container);
    return container.state;
  }

  /**
   * The same for many: no runtime is asked about a container that CRI-O has seen end, nor where the runtime's own files
   * can be read; else each is asked once for all.
   */
  updateStatuses(containers: readonly Container[]): Promise<void> {
    return this.states.update(containers);
  }

  /**
   * The state of one container now (libkpod: ContainerStatus). A runtime that cannot be asked is a warning; the state is
   * then `unknown`, unless the container's exit was written down.
   */
  containerStatus(container: Container): Promise<ContainerState> {
    return this.states.stateOf(container);
  }

  /** Whether the processes of the node's containers are to be seen here. */
  sight(): NodeSight {
    return this.states.sight();
  }

  /** True when the process of a container that is not seen has ended for sure. */
  isEndSeen({ id }: Pick<Container, "id">): boolean {
    return this.sight().hasEndedUnseen(id);
  }

  /**
   * All containers of all runtimes that are configured, also those of others. A runtime that cannot be asked is a warning,
   * and keeps nobody from seeing those of the others.
   */
  listAll(): Promise<RuntimeState[]> {
    return this.states.listAll();
  }

  /**
   * Makes sure that what launches containers is there, before anything is made.
   * @param handler name of a handler; "" for the default one
   * @throws KpodError RUNTIME_FAILED without the runtime, CONMON_FAILED without conmon, BAD_CONFIG for a handler that is not
   * configured, UNSUPPORTED for one that runs virtual machines
   */
  requirePrograms(handler = ""): void {
    const chosen = chooseRuntime(this.config, { ...defaultChoice, handler });
    if (handler !== "" && chosen.name !== handler) {
      throw new KpodError("BAD_CONFIG", `the runtime handler ${handler} is not configured`, {
        hint: `add [crio.runtime.runtimes.${handler}] to crio.conf`,
      });
    }
    requireCallable(chosen);
    findConmon(chosen.monitor);
  }

  /** The first line of what a runtime, or the default one, says of its version. @throws KpodError RUNTIME_FAILED */
  async version(handler: RuntimeHandler = this.handler()): Promise<string> {
    // crun makes the directory of its state also for this.
    const asked = hasNoState(handler) ? { ...handler, root: "/" } : handler;
    const text = await this.call(asked, "--version");
    return text.split("\n")[0] ?? "";
  }

  /**
   * Creates a container through conmon from the bundle that is ready on disk; its process waits to be started.
   * @returns its state
   * @throws KpodError CONMON_FAILED, RUNTIME_FAILED, RUNTIME_TIMEOUT, INTERRUPTED
   */
  async createContainer(container: Container, options: CreateOptions): Promise<ContainerState> {
    const { createThroughConmon } = await import("./conmon/create");
    const timeLimitMs = this.limits.createMs ?? createTimeLimit;
    const pid = await createThroughConmon(this.config, this.handler(container), container, {
      ...options,
      timeLimitMs,
      logger: this.calls.logger,
    });
    const state = await this.containerStatus(container);
    // It is made; that nobody has persisted it is for the caller to change.
    if (state.status === "creating") state.status = "created";
    state.initPid = pid;
    const startTime = identifyProcess(pid)?.startTime;
    if (startTime !== undefined) state.initStartTime = startTime;
    const monitor = findMonitor(container);
    if (monitor !== undefined) state.monitor = { ...monitor };
    container.state = state;
    return state;
  }

  /**
   * Starts the process of a created container.
   * @returns its state, with the time of the start
   * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT
   */
  async startContainer(container: Container): Promise<ContainerState> {
    // Taken before: a short-lived container may have ended by the time the runtime returns.
    const started = new Date();
    await this.call(this.ownHandler(container), "start", container.id);
    const state = await this.updateStatus(container);
    state.started = started;
    return state;
  }

  /** Sends a signal to the first process. @param signal number of the signal. @throws KpodError RUNTIME_FAILED */
  async killContainer(container: Container, signal: number): Promise<void> {
    await this.call(this.ownHandler(container), "kill", container.id, String(signal));
  }

  /**
   * Starts a further process in a container, and waits for its end unless it is to run on by itself.
   * @throws KpodError RUNTIME_FAILED when the runtime cannot be started, UNSUPPORTED, IO
   */
  async execProcess(container: Container, request: ExecRequest): Promise<ExecResult> {
    const { execInContainer } = await import("./runtime/exec");
    return execInContainer(
      this.ownHandler(container),
      container.id,
      this.config.cgroupManager === "systemd",
      request,
    );
  }

  /**
   * Runs a container of its own beside another one, by its runtime, from a bundle, until it has ended; nothing of it stays.
   * @param root where the runtime keeps its state for as long
   * @throws KpodError RUNTIME_FAILED when the runtime cannot be started, UNSUPPORTED, IO
   */
  async runBeside(container: Container, root: string, request: RunRequest): Promise<ExecResult> {
    const { runBundle } = await import("./runtime/exec");
    return runBundle({ ...this.ownHandler(container), root }, request);
  }

  /** Freezes all processes of a container. @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT */
  async pauseContainer(container: Container): Promise<void> {
    await this.call(this.ownHandler(container), "pause", container.id);
  }

  /** Thaws them. @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT */
  async unpauseContainer(container: Container): Promise<void> {
    await this.call(this.ownHandler(container), "resume", container.id);
  }

  /**
   * Makes sure that a runtime makes checkpoints, and restores them, as CRI-O asks it: it has the command.
   * @param of a container; or the name of a handler, "" for the default one
   * @throws KpodError UNSUPPORTED, RUNTIME_TIMEOUT
   */
  async requireCheckpoints(of: Container | string): Promise<void> {
    const isName = typeof of === "string";
    const handler = isName
      ? chooseRuntime(this.config, { ...defaultChoice, handler: of })
      : this.ownHandler(of);
    try {
      await this.call(handler, "checkpoint", "--help");
    } catch (error) {
      if (!(error instanceof KpodError) || error.code !== "RUNTIME_FAILED") throw error;
      throw new KpodError("UNSUPPORTED", `${handler.path} makes no checkpoints: it was built without criu`, {
        cause: error,
        hint: "have the pod run by a runtime that does: runc, or a crun whose --version names CRIU",
      });
    }
    if (findExecutable("", "criu") === undefined) {
      throw new KpodError(
        "UNSUPPORTED",
        `${handler.path} makes checkpoints by criu, which is not installed`,
        {
          hint: "install criu",
        },
      );
    }
  }

  /**
   * Has the runtime write what the processes of a container are into a directory.
   * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT
   */
  async checkpointContainer(container: Container, request: CheckpointRequest): Promise<void> {
    const { imagesPath, workPath, leaveRunning, tcpEstablished } = request;
    const { callRuntime } = await import("./runtime/call");
    const flags = [
      ...["--image-path", imagesPath, "--work-path", workPath],
      // As CRI-O: a lock of a file is kept by who restores it.
      "--file-locks",
      ...(leaveRunning ? ["--leave-running"] : []),
      ...(tcpEstablished ? ["--tcp-established"] : []),
    ];
    await callRuntime(this.ownHandler(container), ["checkpoint", ...flags, container.id], {
      ...this.calls,
      timeoutMs: this.limits.checkpointMs ?? checkpointTimeLimit,
    });
  }

  /** Changes limits of the cgroup of a container that runs. @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT */
  async updateContainer(container: Container, resources: SpecResources): Promise<void> {
    const handler = this.ownHandler(container);
    // Of a file, for crun opens its stdin anew, which no pipe allows.
    const file = join(container.bundlePath, "update.json");
    writeFileAtomic(file, JSON.stringify(resources), 0o600);
    try {
      await this.call(handler, "update", "--resources", file, container.id);
    } finally {
      removeIfThere(file);
    }
  }

  /**
   * Has the runtime remove a container and its cgroup; with force also a running one, which is killed. That it
   * knows no such container is fine.
   * @param handler who has it, where that was asked before
   * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT
   */
  async deleteContainer(
    container: Container,
    force = false,
    handler: RuntimeHandler = this.ownHandler(container),
  ): Promise<void> {
    try {
      await this.call(handler, "delete", ...(force ? ["--force"] : []), container.id);
    } catch (error) {
      // One that hangs is not asked again.
      if (error instanceof KpodError && error.code === "RUNTIME_TIMEOUT") throw error;
      if ((await queryRuntimeState(handler, container.id, this.calls)) !== undefined) throw error;
    }
  }

  /**
   * Where the runtime has a container of that id from elsewhere: in a copy of a store that is in use, one has the id of
   * one that runs from the original.
   */
  foreignBundle(container: Container): string | undefined {
    const bundle = this.states.bundleOf(container.id);
    return bundle === "" || isSamePath(bundle, container.bundlePath) ? undefined : bundle;
  }

  /** Makes sure that what the runtime has of a container is of this store. @throws KpodError BAD_STATE */
  requireOwn(container: Container): void {
    const bundle = this.foreignBundle(container);
    if (bundle === undefined) return;
    throw new KpodError(
      "BAD_STATE",
      `container ${container.id} runs from the bundle ${bundle}, not from ${container.bundlePath} of this store`,
      { hint: "this store is a copy of one that is in use: change the original, or delete the copy" },
    );
  }

  /** The runtime of a container that is to be changed. @throws KpodError as `requireOwn` and `handler` do */
  private ownHandler(container: Container): RuntimeHandler {
    this.requireOwn(container);
    return this.handler(container);
  }

  /**
   * Removes what a runtime keeps of a container that it cannot read any more. Its processes must have ended.
   * @throws KpodError NOT_PERMITTED, IO
   */
  removeState(container: Pick<Container, "id">): void {
    this.runtimes.removeState(container);
  }

  private async call(handler: RuntimeHandler, ...args: string[]): Promise<string> {
    const { callRuntime } = await import("./runtime/call");
    return callRuntime(handler, args, this.calls);
  }
}
