import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../config";
import { errorMessage, KpodError } from "../errors";
import { silentLogger, type Logger } from "../logger";
import { isProcessAlive, pidsTaken, readProcessStat } from "../system/process";
import { parseExactJson, type ExactJson } from "../system/exact-json";
import { readTextIfThere, writeFileAtomic } from "../system/files";
import { createWithConmon, readConmonPid } from "./conmon";
import type { Container } from "./container";
import { hasEnded, notedStateOf, resolveState, type RuntimeAnswer } from "./resolve-state";
import { callRuntime } from "./runtime-call";
import {
  chooseRuntime,
  configuredHandlers,
  findConmon,
  type RuntimeChoice,
  type RuntimeConfigPart,
  type RuntimeHandler,
} from "./runtime-handler";
import { readRuntimeFiles } from "./runtime-files";
import { locateRuntime, locateState, rootsTellAll, runtimeOfMonitor, stateRoots } from "./runtime-location";
import { listRuntimeStates, queryRuntimeState, type RuntimeState } from "./runtime-state";
import { formatStateFile, type ContainerState, type NotedState } from "./state";
import { join } from "node:path";

/** What of the configuration a Runtime needs. */
export type RuntimeConfig = RuntimeConfigPart &
  Pick<
    Config,
    | "conmonEnv"
    | "cgroupManager"
    | "containerExitsDir"
    | "containerAttachSocketDir"
    | "logSizeMax"
    | "noPivot"
  >;

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

/** How long a runtime may take. */
export interface RuntimeLimits {
  /** Milliseconds that it has to answer a call; default 10 s. */
  callMs?: number | undefined;
  /** Milliseconds that it has to create a container; default 240 s, as long as CRI-O waits. */
  createMs?: number | undefined;
}

/**
 * Tells which runtime a container belongs to.
 * @param exact true reads its pod's spec also where only one runtime is configured: it may ask for one that is not
 */
export type ChoiceOf = (container: Container, exact: boolean) => RuntimeChoice;

/** Milliseconds that making a container may take; as long as CRI-O waits. */
const createTimeLimit = 240_000;

const defaultChoice: RuntimeChoice = { handler: "", trusted: undefined, privileged: false };

/**
 * Drives the OCI runtimes of a node, runc, crun or what the configuration names (libkpod: oci.Runtime).
 */
export class Runtime {
  private readonly config: RuntimeConfig;
  private readonly choiceOf: ChoiceOf;
  private readonly logger: Logger;
  private readonly limits: RuntimeLimits;
  private handlers: RuntimeHandler[] | undefined;
  private roots: readonly string[] | undefined;
  /** True when a container that is in none of the roots has no runtime; undefined until that is asked. */
  private rootsTellAll: boolean | undefined;

  constructor(
    config: RuntimeConfig,
    choiceOf: ChoiceOf = () => defaultChoice,
    logger: Logger = silentLogger,
    limits: RuntimeLimits = {},
  ) {
    this.config = config;
    this.choiceOf = choiceOf;
    this.logger = logger;
    this.limits = limits;
  }

  /**
   * The handler that has a container, wherever that is; for one that no runtime has, the handler its pod asks
   * for, and without a container the default one.
   * @throws KpodError RUNTIME_FAILED, BAD_CONFIG for a handler that is not configured
   */
  handler(container?: Container): RuntimeHandler {
    if (container === undefined) return chooseRuntime(this.config, defaultChoice);
    return this.located(container, true) ?? runtimeOfMonitor(container) ?? this.chosen(container, true);
  }

  private chosen(container: Container, exact: boolean): RuntimeHandler {
    return chooseRuntime(this.config, this.choiceOf(container, exact));
  }

  /** The handler whose state directory has a container. */
  private located(container: Container, exact: boolean): RuntimeHandler | undefined {
    this.handlers ??= configuredHandlers(this.config);
    let chosen: RuntimeHandler;
    try {
      chosen = this.chosen(container, exact);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      // Its handler has left the configuration: its state may still be at a usual place.
      chosen = { name: "", path: "", root: "", monitor: "" };
    }
    return locateRuntime(chosen, this.handlers, container);
  }

  /** The name of the default runtime. @throws KpodError RUNTIME_FAILED */
  name(): string {
    return this.handler().name;
  }

  /** The path of the runtime that runs a container, by the rules of trust. @throws KpodError RUNTIME_FAILED */
  path(container?: Container): string {
    return this.handler(container).path;
  }

  /**
   * Makes sure that what launches containers is there, before anything is made.
   * @throws KpodError RUNTIME_FAILED without the runtime, CONMON_FAILED without conmon
   */
  requirePrograms(): void {
    findConmon(this.handler().monitor);
  }

  /** The first line of what a runtime, or the default one, says of its version. @throws KpodError RUNTIME_FAILED */
  async version(handler: RuntimeHandler = this.handler()): Promise<string> {
    const text = await this.call(handler, "--version");
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
    state.initPid = pid;
    const startTime = readProcessStat(pid)?.startTime;
    if (startTime !== undefined) state.initStartTime = startTime;
    const monitor = monitorOf(container.bundlePath);
    if (monitor !== undefined) state.monitor = monitor;
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
    await this.call(this.handler(container), "start", container.id);
    const state = await this.updateStatus(container);
    state.started = started;
    return state;
  }

  /** Sends a signal to the first process. @param signal number of the signal. @throws KpodError RUNTIME_FAILED */
  async killContainer(container: Container, signal: number): Promise<void> {
    await this.call(this.handler(container), "kill", container.id, String(signal));
  }

  /** Freezes all processes of a container. @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT */
  async pauseContainer(container: Container): Promise<void> {
    await this.call(this.handler(container), "pause", container.id);
  }

  /** Thaws them. @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT */
  async unpauseContainer(container: Container): Promise<void> {
    await this.call(this.handler(container), "resume", container.id);
  }

  /**
   * Has the runtime forget a container and its cgroup; with force also a running one, which is killed. That it
   * knows no such container is fine.
   * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT
   */
  async deleteContainer(container: Container, force = false): Promise<void> {
    const handler = this.handler(container);
    try {
      await this.call(handler, "delete", ...(force ? ["--force"] : []), container.id);
    } catch (error) {
      // One that hangs is not asked again.
      if (error instanceof KpodError && error.code === "RUNTIME_TIMEOUT") throw error;
      if ((await queryRuntimeState(handler, container.id, this.limits.callMs)) !== undefined) throw error;
    }
  }

  /** Asks for the state of one container and keeps it in the container. */
  async updateStatus(container: Container): Promise<ContainerState> {
    container.state = await this.containerStatus(container);
    return container.state;
  }

  /**
   * The state of one container now. A runtime that cannot be asked is a warning; the state is then `unknown`,
   * unless the container's exit was written down.
   */
  async containerStatus(container: Container): Promise<ContainerState> {
    let answer: RuntimeAnswer | undefined = this.look(container, this.existingRoots());
    // A conmon that lives knows of a runtime that has left the configuration.
    const elsewhere = answer === "absent" && runtimeOfMonitor(container) !== undefined;
    if (answer === undefined || elsewhere) {
      answer = await this.ask(
        () => this.handler(container),
        async (handler) => (await queryRuntimeState(handler, container.id, this.limits.callMs)) ?? "absent",
      );
    }
    return resolveState(container, answer, this.config.containerExitsDir);
  }

  /**
   * Looks up the state of many containers, and keeps it in them. No runtime is asked about one that CRI-O has seen
   * end, nor where the runtime's own files can be read; else each is asked once for all.
   */
  async updateStatuses(containers: readonly Container[]): Promise<void> {
    const roots = this.existingRoots();
    const isTaken = pidsTaken(containers.length);
    const answers = new Map<string, Promise<Map<string, RuntimeState> | "unreachable">>();
    const listOf = (container: Container): Promise<Map<string, RuntimeState> | "unreachable"> => {
      const located = this.located(container, false);
      const key = JSON.stringify(located ?? this.choiceOf(container, false));
      const list =
        answers.get(key) ??
        this.ask(
          () => located ?? this.chosen(container, false),
          (handler) => listRuntimeStates(handler, this.limits.callMs),
        );
      answers.set(key, list);
      return list;
    };
    const resolve = async (
      container: Container,
      answer: RuntimeAnswer,
      noted?: NotedState,
    ): Promise<void> => {
      container.state = resolveState(container, answer, this.config.containerExitsDir, noted);
      const elsewhere = answer === "absent" && container.state.status === "unknown";
      // Its process lives, and no runtime that is known has it: its conmon knows which one it is.
      if (elsewhere && runtimeOfMonitor(container) !== undefined) await this.updateStatus(container);
    };
    const ask = async (container: Container, noted?: NotedState): Promise<void> => {
      const states = await listOf(container);
      await resolve(
        container,
        states === "unreachable" ? states : (states.get(container.id) ?? "absent"),
        noted,
      );
    };
    const waiting: Promise<void>[] = [];
    // Nearly all is settled at once: a promise each would be a thousand for a list of a thousand.
    containers.forEach((container) => {
      const noted = notedStateOf(container);
      if (noted !== undefined && hasEnded(container, noted.state, isTaken)) {
        container.state = noted.state;
        container.state.pid = 0;
        return;
      }
      const answer = this.look(container, roots);
      waiting.push(answer === undefined ? ask(container, noted) : resolve(container, answer, noted));
    });
    await Promise.all(waiting);
  }

  /**
   * What the files of the runtimes say of a container: its state, or that none has it.
   * @returns undefined when they cannot tell, and a runtime has to be asked
   */
  private look({ id }: Container, roots: readonly string[]): RuntimeAnswer | undefined {
    try {
      const located = locateState(roots, id);
      if (located === undefined) {
        this.rootsTellAll ??= rootsTellAll(this.config);
        return this.rootsTellAll ? "absent" : undefined;
      }
      const { kind, directory } = located;
      return kind === undefined ? undefined : readRuntimeFiles(kind, directory, id);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      return undefined;
    }
  }

  /** Where runtimes keep state at this moment: most nodes have one such place of several that are possible. */
  private existingRoots(): readonly string[] {
    this.roots ??= stateRoots(this.config);
    return this.roots.filter((root) => existsSync(root));
  }

  /** All containers of all runtimes that are configured, also those of others. */
  async listAll(): Promise<RuntimeState[]> {
    const handlers = new Map(
      [this.handler(), ...configuredHandlers(this.config)].map((each) => [each.root, each]),
    );
    const lists = [...handlers.values()].map((handler) => listRuntimeStates(handler, this.limits.callMs));
    return (await Promise.all(lists)).flatMap((list) => [...list.values()]);
  }

  private call(handler: RuntimeHandler, ...args: string[]): Promise<string> {
    return callRuntime(handler, args, { timeoutMs: this.limits.callMs });
  }

  private async ask<T>(
    handler: () => RuntimeHandler,
    question: (handler: RuntimeHandler) => Promise<T>,
  ): Promise<T | "unreachable"> {
    try {
      const asked = handler();
      // Not a fault: nobody but CRI-O can ask it.
      if (asked.type === "vm") return "unreachable";
      return await question(asked);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      this.logger.warn(errorMessage(error));
      return "unreachable";
    }
  }

  private get systemdCgroup(): boolean {
    return this.config.cgroupManager === "systemd";
  }
}

/** Writes a container's state.json over what stands there. */
export function writeStateFile(container: Container, state: ContainerState): void {
  const path = join(container.dir, "state.json");
  writeFileAtomic(path, formatStateFile(state, notedJson(path)), 0o644);
}

function notedJson(path: string): ExactJson | undefined {
  try {
    const text = readTextIfThere(path);
    return text === undefined ? undefined : parseExactJson(path, text);
  } catch (error) {
    // What cannot be read is replaced.
    if (!(error instanceof KpodError) || error.code !== "CORRUPT") throw error;
    return undefined;
  }
}

/** The conmon of a container, while it lives. */
function monitorOf(bundlePath: string): { pid: number; startTime: string } | undefined {
  const pid = readConmonPid(bundlePath);
  if (pid === undefined || !isProcessAlive(pid)) return undefined;
  const startTime = readProcessStat(pid)?.startTime;
  return startTime === undefined ? undefined : { pid, startTime };
}
