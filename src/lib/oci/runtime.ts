import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { KpodError } from "../errors";
import { identifyProcess } from "../system/process-identity";
import { isSamePath } from "../system/paths";
import { createWithConmon } from "./conmon/create";
import type { Container } from "./container";
import { findMonitor } from "./conmon/find";
import { findConmon, type RuntimeHandler } from "./runtime/handler";
import { hasNoState, queryRuntimeState } from "./state/runtime";
import { RuntimeStates } from "./state/lookup";
import type { ContainerState } from "./state/container-state";

export type { ChoiceOf, RuntimeConfig, RuntimeLimits } from "./state/lookup";

/** What of a new container conmon must know beyond the container itself. */
export interface CreateOptions {
  logPath: string;
  terminal: boolean;
  stdin: boolean;
  /** Called with conmon's pid before the container is made. */
  onMonitorStarted?: (pid: number) => void;
  /** Ends the wait for the container to be made. */
  signal?: AbortSignal | undefined;
}

/** Milliseconds that making a container may take; as long as CRI-O waits. */
const createTimeLimit = 240_000;

/**
 * Drives the OCI runtimes of a node, runc, crun or what the configuration names (libkpod: oci.Runtime).
 */
export class Runtime extends RuntimeStates {
  /**
   * Makes sure that what launches containers is there, before anything is made.
   * @throws KpodError RUNTIME_FAILED without the runtime, CONMON_FAILED without conmon
   */
  requirePrograms(): void {
    findConmon(this.handler().monitor);
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
    const { config } = this;
    const handler = this.handler(container);
    for (const directory of [
      dirname(options.logPath),
      config.containerExitsDir,
      config.containerAttachSocketDir,
    ]) {
      mkdirSync(directory, { recursive: true });
    }
    const pid = await createWithConmon({
      conmon: findConmon(handler.monitor),
      handler,
      id: container.id,
      name: container.name,
      bundlePath: container.bundlePath,
      persistDir: container.dir,
      exitsDir: config.containerExitsDir,
      attachSocketDir: config.containerAttachSocketDir,
      logPath: options.logPath,
      logSizeMax: config.logSizeMax,
      noPivot: config.noPivot,
      systemdCgroup: this.systemdCgroup,
      terminal: options.terminal,
      stdin: options.stdin,
      env: config.conmonEnv,
      timeLimitMs: this.limits.createMs ?? createTimeLimit,
      signal: options.signal,
      ...(options.onMonitorStarted === undefined ? {} : { onStarted: options.onMonitorStarted }),
    });
    const state = await this.containerStatus(container);
    // It is made; that nobody has noted it is for the caller to change.
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
    // Noted before: a short-lived container may have ended by the time the runtime returns.
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

  /** Freezes all processes of a container. @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT */
  async pauseContainer(container: Container): Promise<void> {
    await this.call(this.ownHandler(container), "pause", container.id);
  }

  /** Thaws them. @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT */
  async unpauseContainer(container: Container): Promise<void> {
    await this.call(this.ownHandler(container), "resume", container.id);
  }

  /**
   * Has the runtime forget a container and its cgroup; with force also a running one, which is killed. That it
   * knows no such container is fine.
   * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT
   */
  async deleteContainer(container: Container, force = false): Promise<void> {
    const handler = this.ownHandler(container);
    try {
      await this.call(handler, "delete", ...(force ? ["--force"] : []), container.id);
    } catch (error) {
      // One that hangs is not asked again.
      if (error instanceof KpodError && error.code === "RUNTIME_TIMEOUT") throw error;
      if ((await queryRuntimeState(handler, container.id, this.limits.callMs)) !== undefined) throw error;
    }
  }

  /**
   * Where the runtime has a container of that id from elsewhere: in a copy of a store that is in use, one has the id of
   * one that runs from the original.
   */
  foreignBundle(container: Container): string | undefined {
    const bundle = this.bundleOf(container.id);
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

  private get systemdCgroup(): boolean {
    return this.config.cgroupManager === "systemd";
  }
}
