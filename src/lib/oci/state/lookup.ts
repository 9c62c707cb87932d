/*
 * What the state of a container is: asks all who know of it, the runtime by its files or its commands, and has it
 * resolved. Nothing is changed.
 */
import { errorMessage, KpodError, tolerate } from "../../errors";
import type { Logger } from "../../logger";
import { isProcOfMachine } from "../../system/namespaces";
import type { Container } from "../container";
import { nodeSight, wayIn, type ContainerPopulation, type NodeSight } from "../node-sight";
import type { RuntimeCallOptions } from "../runtime/call";
import type { RuntimeHandler } from "../runtime/handler";
import { listStates, runtimeOfMonitor, type LocatedState } from "../runtime/location";
import type { RuntimeLocator } from "../runtime/locator";
import { isBeingMade } from "./being-made";
import type { ContainerState } from "./container-state";
import { persistedStateOf, type PersistedState } from "./persisted";
import { hasEnded, resolveState, unknownState, type RuntimeAnswer } from "./resolved";
import { listRuntimeStates, queryRuntimeState, type RuntimeState } from "./runtime";
import { readRuntimeFiles } from "./runtime-files";

/** Whom a StateLookup asks. */
export interface StateSources {
  /** Finds the runtimes. */
  readonly runtimes: RuntimeLocator;
  /** How they are called. */
  readonly calls: RuntimeCallOptions;
  readonly exitsDir: string;
  /** The store's directory of containers, which tells of processes, too; "" for none. */
  readonly containersDirectory: string;
  /** Looks at the cgroups of all containers. */
  readonly populationOf: () => ContainerPopulation;
  /** False for a container that the store does not have any more. */
  readonly hasRecord: (container: Container) => boolean;
  /** Is warned of who could not be asked. */
  readonly logger: Logger;
}

const seenByAll: NodeSight = { place: "node", hasEndedUnseen: () => true };

/** Looks up states of containers. */
export class StateLookup {
  private readonly sources: StateSources;
  private toldUnseen = false;
  /** What one look at the whole node told, for all containers of a list. */
  private lastSight: NodeSight | undefined;

  constructor(sources: StateSources) {
    this.sources = sources;
  }

  /**
   * The state of one container now. A runtime that cannot be asked is a warning; the state is then `unknown`,
   * unless the container's exit was written down.
   */
  async stateOf(container: Container): Promise<ContainerState> {
    const { runtimes, calls, logger } = this.sources;
    this.lastSight = undefined;
    let answer = this.answerOfFiles(container, () => runtimes.stateOf(container.id));
    // A conmon that lives knows of a runtime that has left the configuration.
    const elsewhere = answer === "absent" && runtimeOfMonitor(container) !== undefined;
    if (answer === undefined || elsewhere) {
      answer = await this.ask(
        () => runtimes.handler(container),
        async (handler) => (await queryRuntimeState(handler, container.id, calls)) ?? "absent",
      );
    } else {
      logger.debug(`state of container ${container.id}: by the files in ${runtimes.roots().join(", ")}`);
    }
    return this.resolve(container, answer);
  }

  /**
   * Looks up the state of many containers, and keeps it in them. No runtime is asked about one that CRI-O has seen
   * end, nor where the runtime's own files can be read; else each is asked once for all.
   */
  async update(containers: readonly Container[]): Promise<void> {
    this.lastSight = undefined;
    const roots = this.sources.runtimes.roots();
    const listed = listStates(roots);
    const lists = new Map<string, Promise<Map<string, RuntimeState> | "unreachable">>();
    const waiting: Promise<void>[] = [];
    let [ended, asked] = [0, 0];
    // Nearly all is settled at once: a promise each would be a thousand for a list of a thousand.
    for (const container of containers) {
      const persisted = persistedStateOf(container);
      container.persistedStatus = persisted?.state.status;
      if (persisted !== undefined && hasEnded(container, persisted.state)) {
        container.state = persisted.state;
        container.state.pid = 0;
        ended++;
        continue;
      }
      const answer = this.answerOfFiles(container, () => this.located(container, persisted, roots, listed));
      const done =
        answer === undefined
          ? this.answerOfList(container, lists).then((listed) => this.settle(container, listed, persisted))
          : this.settle(container, answer, persisted);
      if (answer === undefined) asked++;
      if (done !== undefined) waiting.push(done);
    }
    this.sources.logger.debug(
      `states of ${containers.length} containers: ${ended} by state.json alone, ${containers.length - ended - asked} by ` +
        `the files in ${roots.join(", ")}, ${asked} by asking their runtimes`,
    );
    await Promise.all(waiting);
  }

  /** Keeps the state of a container of a list. @returns what is still to be waited for */
  private settle(
    container: Container,
    answer: RuntimeAnswer,
    persisted: PersistedState | undefined,
  ): Promise<void> | undefined {
    container.state = this.resolve(container, answer, persisted);
    // Its process lives, and no runtime that is known has it: its conmon knows which one it is.
    const elsewhere = answer === "absent" && container.state.status === "unknown";
    if (!elsewhere || runtimeOfMonitor(container) === undefined) return undefined;
    return this.stateOf(container).then((state) => {
      container.state = state;
    });
  }

  /**
   * Where the state of a container lies, by the roots as they were listed before its state.json was read. What is not
   * listed may have been made since, unless its end is persisted: nothing that has ended is made anew.
   */
  private located(
    { id }: Container,
    persisted: PersistedState | undefined,
    roots: readonly string[],
    listed: ReadonlyMap<string, string> | undefined,
  ): LocatedState | undefined {
    const root = listed?.get(id);
    const isGone = listed !== undefined && root === undefined && persisted?.state.status === "stopped";
    return isGone ? undefined : this.sources.runtimes.stateOf(id, root === undefined ? roots : [root]);
  }

  /**
   * What the files of the runtimes say of a container: its state, or that none has it.
   * @returns undefined when they cannot tell, and a runtime has to be asked
   */
  private answerOfFiles(
    container: Container,
    locate: () => LocatedState | undefined,
  ): RuntimeAnswer | undefined {
    const { runtimes, logger } = this.sources;
    const { id } = container;
    try {
      const located = locate();
      if (located === undefined) return runtimes.rootsTellAll ? "absent" : undefined;
      const { kind, directory } = located;
      // runc and crun write their file when the container is there; asked before, crun would fail.
      if (kind === undefined && isBeingMade(container) && runtimes.rootsTellAll) return "absent";
      return kind === undefined ? undefined : readRuntimeFiles(kind, directory, id);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      logger.warn(errorMessage(error));
      return "unreachable";
    }
  }

  /** What the runtime of a container says of it in its list, for which each runtime is asked once. */
  private async answerOfList(
    container: Container,
    lists: Map<string, Promise<Map<string, RuntimeState> | "unreachable">>,
  ): Promise<RuntimeAnswer> {
    const { key, handler } = this.sources.runtimes.handlerInList(container);
    const list = lists.get(key) ?? this.ask(handler, (asked) => listRuntimeStates(asked, this.sources.calls));
    lists.set(key, list);
    const states = await list;
    return states === "unreachable" ? states : (states.get(container.id) ?? "absent");
  }

  private resolve(container: Container, answer: RuntimeAnswer, persisted?: PersistedState): ContainerState {
    const { exitsDir, hasRecord, logger } = this.sources;
    const hasEndedUnseen = (id: string): boolean => {
      this.lastSight ??= this.sight();
      if (this.lastSight.hasEndedUnseen(id)) return true;
      this.warnUnseen();
      return false;
    };
    try {
      return resolveState(container, answer, {
        persisted: persisted ?? persistedStateOf(container),
        exitsDir,
        hasEndedUnseen,
        hasRecord,
      });
    } catch (error) {
      // One sick container does not spoil a list.
      if (!(error instanceof KpodError)) throw error;
      logger.warn(`container ${container.id.slice(0, 13)}: ${error.message}`);
      return unknownState(container, persisted);
    }
  }

  /** Whether the processes of the node's containers are to be seen here. */
  sight(): NodeSight {
    if (isProcOfMachine()) return seenByAll;
    const { runtimes, containersDirectory, exitsDir, populationOf } = this.sources;
    return nodeSight({ runtimeRoots: runtimes.roots(), containersDirectory, exitsDir, populationOf });
  }

  private warnUnseen(): void {
    if (this.toldUnseen) return;
    this.toldUnseen = true;
    this.sources.logger.warn(
      "this is another pid namespace than that of the node's containers, or its /proc is not there: of those that " +
        `cannot be seen nobody can tell whether they run: ${wayIn}, or --host-root`,
    );
  }

  /** The bundle that a container runs from, as the files of its runtime have it; "" where they do not tell. */
  bundleOf(id: string): string {
    const located = this.sources.runtimes.stateOf(id);
    if (located?.kind === undefined) return "";
    const { kind, directory } = located;
    // What is no regular file tells nothing.
    return tolerate("", () => readRuntimeFiles(kind, directory, id)?.bundle ?? "");
  }

  /**
   * All containers of all runtimes that are configured, also those of others. A runtime that cannot be asked is a warning,
   * and keeps nobody from seeing those of the others.
   */
  async listAll(): Promise<RuntimeState[]> {
    const { runtimes, calls, logger } = this.sources;
    const handlers = new Map(runtimes.configured().map((each) => [each.root, each]));
    try {
      const standard = runtimes.handler();
      handlers.set(standard.root, standard);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      logger.warn(errorMessage(error));
    }
    const lists = [...handlers.values()].map((each) =>
      this.ask(
        () => each,
        (handler) => listRuntimeStates(handler, calls),
      ),
    );
    return (await Promise.all(lists)).flatMap((list) => (list === "unreachable" ? [] : [...list.values()]));
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
      this.sources.logger.warn(errorMessage(error));
      return "unreachable";
    }
  }
}
