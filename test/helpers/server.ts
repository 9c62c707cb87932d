import { join } from "node:path";
import { defaultConfig, type Config } from "../../src/lib/config";
import { defaultRuntimeHandler } from "../../src/lib/config/runtime-handlers";
import { ContainerServer, type ServerOptions } from "../../src/lib/container-server";
import { collectingLogger, type CollectingLogger } from "./collecting-logger";

/** What a ContainerServer needs to know of a node whose files all lie below one directory. */
export function nodeConfig(directory: string): Config {
  const config = defaultConfig();
  config.root = join(directory, "root");
  config.runRoot = join(directory, "runroot");
  config.storage = "overlay";
  config.logDir = join(directory, "logs");
  config.lockPath = join(directory, "crio.lock");
  config.containerExitsDir = join(directory, "exits");
  config.containerAttachSocketDir = join(directory, "attach");
  config.hooksDirPath = join(directory, "hooks");
  config.defaultRuntime = "runc";
  config.runtimes = { runc: { ...defaultRuntimeHandler(), runtimeRoot: join(directory, "runtime") } };
  return config;
}

/** A server for such a node, with what it warns of. */
export interface TestServer {
  readonly server: ContainerServer;
  readonly logger: CollectingLogger;
}

/** Makes a {@link TestServer}, its configuration changed by these fields. */
export function testServer(
  directory: string,
  fields: Partial<Config> = {},
  options: ServerOptions = {},
): TestServer {
  const logger = collectingLogger();
  const server = new ContainerServer(Object.assign(nodeConfig(directory), fields), { logger, ...options });
  return { server, logger };
}
