import type { BaseContext } from "./command";
import { describeError, isQuiet } from "./errors";
import type { GlobalValues } from "./globals";
import { createInterrupt } from "./interrupt";
import { createLogger } from "./logger";
import type { Terminal } from "./terminal";
import { mark } from "./trace";

/**
 * What a command gets besides its flags and arguments. Library and configuration load when it asks for them.
 * @param options.changes true for a command that changes the node: its server is only that of the node it is on
 */
export function createContext(
  globals: GlobalValues,
  terminal: Terminal,
  { changes = false }: { changes?: boolean | undefined } = {},
): BaseContext {
  const logger = createLogger(terminal, globals.logLevel);
  const { signal, intercept, unlessInterrupted } = createInterrupt();

  const loadConfig = async () => {
    const library = await import("../lib/config");
    mark("reader of the configuration loaded");
    const config = library.loadConfig({
      configFile: globals.config,
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
    const [config, { ContainerServer }] = await Promise.all([
      loadConfig(),
      import("../lib/container-server"),
    ]);
    mark("library loaded");
    const server = new ContainerServer(config, {
      logger,
      lockTimeoutMs: globals.lockTimeout * 1000,
      signal,
    });
    if (changes) server.requireNode();
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
  };
}
