import { existsSync } from "node:fs";
import type { Config } from "../../config";
import { errorMessage, fileError, KpodError } from "../../errors";
import { silentLogger, type Logger } from "../../logger";
import { isProcOfMachine } from "../../system/namespaces";
import { removeIfThere } from "../../system/files";
import type { Container } from "../container";
import { isBeingMade } from "./being-made";
import { nodeSight, wayIn, type NodeSight } from "../node-sight";
import { hasEnded, resolveState, unknownState, type RuntimeAnswer } from "./resolved";
import { callRuntime } from "../runtime/call";
import {
  chooseRuntime,
  configuredHandlers,
  type RuntimeChoice,
  type RuntimeConfigPart,
  type RuntimeHandler,
} from "../runtime/handler";
import { readRuntimeFiles } from "./runtime-files";
import { locateRuntime, locateState, rootsTellAll, runtimeOfMonitor, stateRoots } from "../runtime/location";
import { listRuntimeStates, queryRuntimeState, type RuntimeState } from "./runtime";
import type { ContainerState } from "./container-state";
import { persistedStateOf, type PersistedState } from "./persisted";

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

const defaultChoice: RuntimeChoice = { handler: "", trusted: undefined, privileged: false };

const seenByAll: NodeSight = { place: "node", hasEndedUnseen: () => true };

/** Asks the OCI runtimes of a node which one has a container and what it says of it: all that changes nothing. */
export class RuntimeStates {
  protected readonly config: RuntimeConfig;
  private readonly choiceOf: ChoiceOf;
  private readonly logger: Logger;
  protected readonly limits: RuntimeLimits;
  /** The store's directory of containers, which tells of processes, too; "" for none. */
  private readonly containersDirectory: string;
  /** False for a container that the store does not have any more. */
  private readonly isRecorded: (container: Container) => boolean;
  private toldUnseen = false;
  private lastSight: NodeSight | undefined;
  private handlers: RuntimeHandler[] | undefined;
  private roots: readonly string[] | undefined;
  /** True when a container that is in none of the roots has no runtime; undefined until that is asked. */
  private rootsTellAll: boolean | undefined;

  constructor(
    config: RuntimeConfig,
    choiceOf: ChoiceOf = () => defaultChoice,
    logger: Logger = silentLogger,
    limits: RuntimeLimits = {},
    containersDirectory = "",
    isRecorded: (container: Container) => boolean = () => true,
  ) {
    this.config = config;
    this.choiceOf = choiceOf;
    this.logger = logger;
    this.limits = limits;
    this.containersDirectory = containersDirectory;
    this.isRecorded = isRecorded;
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
    this.lastSight = undefined;
    let answer: RuntimeAnswer | undefined = this.look(container, this.existingRoots());
    // A conmon that lives knows of a runtime that has left the configuration.
    const elsewhere = answer === "absent" && runtimeOfMonitor(container) !== undefined;
    if (answer === undefined || elsewhere) {
      answer = await this.ask(
        () => this.handler(container),
        async (handler) => (await queryRuntimeState(handler, container.id, this.limits.callMs)) ?? "absent",
      );
    }
    return this.resolve(container, answer);
  }

  private resolve(container: Container, answer: RuntimeAnswer, noted?: PersistedState): ContainerState {
    const hasEndedUnseen = (id: string): boolean => {
      // One look at the whole node does for all containers of a list.
      this.lastSight ??= this.sight();
      if (this.lastSight.hasEndedUnseen(id)) return true;
      this.warnUnseen();
      return false;
    };
    const exitsDir = this.config.containerExitsDir;
    try {
      return resolveState(container, answer, exitsDir, noted, hasEndedUnseen, this.isRecorded);
    } catch (error) {
      // One sick container does not spoil a list.
      if (!(error instanceof KpodError)) throw error;
      this.logger.warn(`container ${container.id.slice(0, 13)}: ${error.message}`);
      return unknownState(container, noted);
    }
  }

  /** Whether the processes of the node's containers are to be seen here. */
  sight(): NodeSight {
    if (isProcOfMachine()) return seenByAll;
    return nodeSight({
      runtimeRoots: this.existingRoots(),
      containersDirectory: this.containersDirectory,
      exitsDir: this.config.containerExitsDir,
    });
  }

  /** True when the process of a container that is not seen has ended for sure. */
  isEndSeen({ id }: Pick<Container, "id">): boolean {
    return this.sight().hasEndedUnseen(id);
  }

  private warnUnseen(): void {
    if (this.toldUnseen) return;
    this.toldUnseen = true;
    this.logger.warn(
      "this is another pid namespace than that of the node's containers, or its /proc is not there: of those that " +
        `cannot be seen nobody can tell whether they run: ${wayIn}, or --host-root`,
    );
  }

  /**
   * Looks up the state of many containers, and keeps it in them. No runtime is asked about one that CRI-O has seen
   * end, nor where the runtime's own files can be read; else each is asked once for all.
   */
  async updateStatuses(containers: readonly Container[]): Promise<void> {
    this.lastSight = undefined;
    const roots = this.existingRoots();
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
      noted?: PersistedState,
    ): Promise<void> => {
      container.state = this.resolve(container, answer, noted);
      const elsewhere = answer === "absent" && container.state.status === "unknown";
      // Its process lives, and no runtime that is known has it: its conmon knows which one it is.
      if (elsewhere && runtimeOfMonitor(container) !== undefined) await this.updateStatus(container);
    };
    const ask = async (container: Container, noted?: PersistedState): Promise<void> => {
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
      const noted = persistedStateOf(container);
      if (noted !== undefined && hasEnded(container, noted.state)) {
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
  private look(container: Container, roots: readonly string[]): RuntimeAnswer | undefined {
    const { id } = container;
    try {
      const located = locateState(roots, id);
      if (located === undefined) {
        this.rootsTellAll ??= rootsTellAll(this.config);
        return this.rootsTellAll ? "absent" : undefined;
      }
      const { kind, directory } = located;
      // runc and crun write their file when the container is there; asked before, crun would fail.
      if (kind === undefined && isBeingMade(container) && rootsTellAll(this.config)) return "absent";
      return kind === undefined ? undefined : readRuntimeFiles(kind, directory, id);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      this.logger.warn(errorMessage(error));
      return "unreachable";
    }
  }

  /** The bundle that a container runs from, as its runtime noted it; "" where no file of a runtime tells. */
  protected bundleOf(id: string): string {
    const located = locateState(this.existingRoots(), id);
    if (located?.kind === undefined) return "";
    try {
      return readRuntimeFiles(located.kind, located.directory, id)?.bundle ?? "";
    } catch (error) {
      // What is no regular file tells nothing.
      if (!(error instanceof KpodError)) throw error;
      return "";
    }
  }

  /** Where runtimes keep state at this moment: most nodes have one such place of several that are possible. */
  private existingRoots(): readonly string[] {
    this.roots ??= stateRoots(this.config);
    return this.roots.filter((root) => existsSync(root));
  }

  /**
   * Removes what a runtime keeps of a container that it cannot read any more. Its processes must have ended.
   * @throws KpodError NOT_PERMITTED, IO
   */
  forgetContainer({ id }: Pick<Container, "id">): void {
    const located = locateState(this.existingRoots(), id);
    if (located === undefined) return;
    try {
      removeIfThere(located.directory, { recursive: true });
    } catch (error) {
      throw fileError(`cannot remove ${located.directory}`, error);
    }
  }

  /**
   * All containers of all runtimes that are configured, also those of others. A runtime that cannot be asked is a warning,
   * and keeps nobody from seeing those of the others.
   */
  async listAll(): Promise<RuntimeState[]> {
    const handlers = new Map(configuredHandlers(this.config).map((each) => [each.root, each]));
    try {
      const standard = this.handler();
      handlers.set(standard.root, standard);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      this.logger.warn(errorMessage(error));
    }
    const lists = [...handlers.values()].map((each) =>
      this.ask(
        () => each,
        (handler) => listRuntimeStates(handler, this.limits.callMs),
      ),
    );
    return (await Promise.all(lists)).flatMap((list) => (list === "unreachable" ? [] : [...list.values()]));
  }

  protected call(handler: RuntimeHandler, ...args: string[]): Promise<string> {
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
}
