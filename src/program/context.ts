import type { LockBudget as LockBudgetType } from "../lib/storage/lock-budget";
import type { BaseContext } from "../shell/context";
import { describeError, isQuiet } from "../shell/errors";
import { lockTimeouts, type GlobalValues } from "../shell/global-flags";
import { createInterrupt } from "../shell/interrupt";
import { createLogger } from "../shell/logger";
import type { Terminal } from "../shell/terminal";
import { mark } from "../shell/trace";
import type { Command } from "./command";

/**
 * What a command gets besides its flags and arguments. Library and configuration load when it asks for them.
 *
 * @param options.changes false for a command that looks: it waits for locks for a moment only, and writes nothing; the
 * server of one that changes the node is only that of the node it is on
 * @param options.commands the commands there are
 */
export function createContext(
  globals: GlobalValues,
  terminal: Terminal,
  { changes, commands }: { readonly changes: boolean; readonly commands: readonly Command[] },
): BaseContext {
  const logger = createLogger(terminal, globals.logLevel);
  const { signal, intercept, unlessInterrupted } = createInterrupt();
  let lockBudget: LockBudgetType | undefined;

  const loadConfig = async () => {
    const library = await import("../lib/config/index");
    mark("reader of the configuration loaded");
    const config = library.loadConfig({
      configFile: globals.config,
      logger: globals.logLevel === "debug" ? logger : undefined,
      overrides: {
        root: globals.root,
        runRoot: globals.runroot,
        storage: globals.storageDriver,
        storageOptions: globals.storageOpt.length > 0 ? globals.storageOpt : undefined,
        runtime: globals.runtime,
        logDir: globals.logDir,
      },
    });
    mark("configuration read");
    return config;
  };

  const openServer = async () => {
    const [config, { ContainerServer, LockBudget }] = await Promise.all([
      loadConfig(),
      import("../lib/container-server"),
    ]);
    mark("library loaded");
    lockBudget ??= new LockBudget(1000 * (globals.lockTimeout ?? lockTimeouts[changes ? "change" : "look"]));
    const server = new ContainerServer(config, { logger, lockBudget, signal });
    if (changes) {
      server.requireNode();
      await server.finishRenames();
      await server.finishCopies();
    }
    return server;
  };

  const reportFailure = (error: unknown) => {
    if (isQuiet(error)) throw error;
    terminal.error(`Error: ${describeError(error)}\n`);
  };

  return {
    globals,
    terminal,
    logger,
    signal,
    unlessInterrupted,
    interceptSignals: intercept,
    loadConfig,
    openServer,
    reportFailure,
    async showHelp(path) {
      const { showHelp } = await import("./help");
      await showHelp(terminal, commands, path);
    },
    async completionScript(shell) {
      const { completionScript, shells } = await import("./completion/scripts/completion-script");
      const known = shells.find((name) => name === shell);
      return known && completionScript(known, commands);
    },
  };
}
