/*
 * Which runtime has a container: the one whose state directory has it, else the one that its conmon was called with, else
 * the one that its pod asks for.
 */
import { existsSync } from "node:fs";
import { KpodError, orFileError } from "../../errors";
import { removeIfThere } from "../../system/files";
import type { Container } from "../container";
import { defaultChoice, type RuntimeChoice } from "./choice";
import { chooseRuntime, configuredHandlers, type RuntimeConfigPart, type RuntimeHandler } from "./handler";
import {
  locateRuntime,
  locateState,
  rootsTellAll,
  runtimeOfMonitor,
  stateRoots,
  type LocatedState,
} from "./location";

/**
 * Tells what a container and its pod ask for.
 * @param exact true reads its pod's spec also where only one runtime is configured: it may ask for one that is not
 */
export type ChoiceOf = (container: Container, exact: boolean) => RuntimeChoice;

/** Finds the runtimes of containers, and where they keep their state. */
export class RuntimeLocator {
  private readonly config: RuntimeConfigPart;
  private readonly choiceOf: ChoiceOf;
  private handlers: RuntimeHandler[] | undefined;
  private possibleRoots: readonly string[] | undefined;
  private tellsAll: boolean | undefined;

  constructor(config: RuntimeConfigPart, choiceOf: ChoiceOf = () => defaultChoice) {
    this.config = config;
    this.choiceOf = choiceOf;
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

  /**
   * The same for a list of many, where its conmon is not looked for.
   * @returns who has it, or is to be asked, and what is the same for all containers of that runtime
   */
  handlerInList(container: Container): { key: string; handler: () => RuntimeHandler } {
    const located = this.located(container, false);
    return {
      key: JSON.stringify(located ?? this.choiceOf(container, false)),
      handler: () => located ?? this.chosen(container, false),
    };
  }

  /** The handler that a container and its pod ask for. */
  private chosen(container: Container, exact: boolean): RuntimeHandler {
    return chooseRuntime(this.config, this.choiceOf(container, exact));
  }

  /** The handler whose state directory has a container. */
  private located(container: Container, exact: boolean): RuntimeHandler | undefined {
    this.handlers ??= this.configured();
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

  /** All handlers that are configured and installed. */
  configured(): RuntimeHandler[] {
    return configuredHandlers(this.config);
  }

  /** Where runtimes keep state at this moment: most nodes have one such directory of several that are possible. */
  roots(): readonly string[] {
    this.possibleRoots ??= stateRoots(this.config);
    return this.possibleRoots.filter((root) => existsSync(root));
  }

  /** True when a container that is in none of the roots has no runtime. */
  get rootsTellAll(): boolean {
    this.tellsAll ??= rootsTellAll(this.config);
    return this.tellsAll;
  }

  /** Where the state of a container lies; undefined when none of the roots has it. */
  stateOf(id: string, roots: readonly string[] = this.roots()): LocatedState | undefined {
    return locateState(roots, id);
  }

  /**
   * Removes what a runtime keeps of a container that it cannot read any more. Its processes must have ended.
   * @throws KpodError NOT_PERMITTED, IO
   */
  removeState({ id }: Pick<Container, "id">): void {
    const located = this.stateOf(id);
    if (located === undefined) return;
    orFileError(`cannot remove ${located.directory}`, () => {
      removeIfThere(located.directory, { recursive: true });
    });
  }
}
