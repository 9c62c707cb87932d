import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describeErrno, isNotFound, KpodError } from "../errors";
import type { Logger } from "../logger";
import { absolutePath } from "../system/paths";
import { Config, crioText } from "./config";
import { newestOf } from "./crio-defaults";
import { newestCrio, readVersionFiles, type CrioAnswer } from "./crio-version";
import { readEnvironment, type Environment } from "./environment";
import { defaultRuntimeHandler, runtimeHandler } from "./runtime-handlers";
import { readStorageConf } from "./storage-conf";

/** Where the files are that nobody names. */
export interface ConfigPaths {
  /** crio.conf. */
  readonly configFile: string;
  /** The drop-ins of crio.conf. */
  readonly configDir: string;
  /** Where storage.conf may be; the first one there counts. */
  readonly storageConf: readonly string[];
}

/** The places of a node. */
export const defaultConfigPaths: ConfigPaths = {
  configFile: "/etc/crio/crio.conf",
  configDir: "/etc/crio/crio.conf.d",
  storageConf: ["/etc/containers/storage.conf", "/usr/share/containers/storage.conf"],
};

/** What the global flags set, undefined where a flag was not given. */
export interface ConfigOverrides {
  readonly root?: string | undefined;
  readonly runRoot?: string | undefined;
  readonly storage?: string | undefined;
  /** Takes the place of all options of the store; none for an empty list. */
  readonly storageOptions?: readonly string[] | undefined;
  readonly runtime?: string | undefined;
  readonly logDir?: string | undefined;
}

/** Where a configuration is read from, and what goes over it. */
export interface LoadConfigOptions {
  /** A crio.conf to read instead of that of the node, and without the node's drop-ins. */
  readonly configFile?: string | undefined;
  /** A directory of drop-ins to read instead of that of the node. */
  readonly configDir?: string | undefined;
  readonly overrides?: ConfigOverrides;
  /** Is told where the values come from, and which files are passed over. */
  readonly logger?: Logger | undefined;
  /** Default: the environment of the process. */
  readonly environment?: Environment;
  /** Default: the places of a node. */
  readonly paths?: ConfigPaths;
}

/**
 * The configuration in force, put together as CRI-O does it, later ones over earlier ones:
 * 1. the defaults of the node's CRI-O: of the version that its version files tell (see {@link readVersionFiles}), else
 *    of the newest that goes with the forms of its crio.conf; whoever launches something asks further;
 * 2. storage.conf: `$CONTAINERS_STORAGE_CONF`, else the first that is there. Its root, runroot and driver
 *    are in force where no crio.conf sets them, or sets them to "";
 * 3. crio.conf: the named one (`$CONTAINER_CONFIG` names one too), else that of the node if there is one;
 * 4. the drop-ins: those of the named directory (or `$CONTAINER_CONFIG_DIR`); else those of the node if
 *    there are any, unless a crio.conf was named;
 * 5. the variables of the environment that CRI-O knows, such as `$CONTAINER_ROOT`;
 * 6. the overrides. Each changes its own value alone: with another root, runroot stays as configured.
 *
 * {@link Config.sources} tells where each value came from, {@link Config.files} what was read.
 * @throws KpodError BAD_CONFIG when a file or directory that was named is not there, or what is there cannot
 * be read or used; BAD_ARGUMENT for an override that will not do
 */
export function loadConfig(options: LoadConfigOptions = {}): Config {
  const environment = options.environment ?? process.env;
  const paths = options.paths ?? defaultConfigPaths;
  const config = new Config();

  const storageConf = set(environment.CONTAINERS_STORAGE_CONF) ?? paths.storageConf.find(isThere);
  if (storageConf !== undefined) {
    config.set(readStorageConf(storageConf, config), storageConf);
    config.addFile(storageConf);
  }
  for (const file of crioConfFiles(options, environment, paths)) config.updateFromFile(file);
  for (const { variable, fields } of readEnvironment(environment)) {
    config.set(fields, `environment variable ${variable}`);
  }
  config.adoptVersion(readVersionFiles(config) ?? guessVersion(config));
  override(config, options.overrides ?? {});
  if (options.logger !== undefined) tellSources(config, options, options.logger);
  return config;
}

/** Tells what each source sets that is in force, and which of the usual files were passed over. */
function tellSources(
  config: Config,
  { paths = defaultConfigPaths }: LoadConfigOptions,
  logger: Logger,
): void {
  const fieldsOf = new Map<string, string[]>(config.files.map((file) => [file, []]));
  for (const [field, source] of config.sources)
    fieldsOf.set(source, [...(fieldsOf.get(source) ?? []), field]);
  for (const [source, fields] of fieldsOf) {
    logger.debug(
      `configuration: ${source} sets ${fields.length === 0 ? "nothing that is in force" : fields.join(", ")}`,
    );
  }
  const isRead = (path: string): boolean =>
    config.files.some((file) => file === path || file.startsWith(`${path}/`));
  for (const path of [...paths.storageConf, paths.configFile, paths.configDir]) {
    if (!isRead(path))
      logger.debug(`configuration: ${path} is ${isThere(path) ? "passed over" : "not there"}`);
  }
  if (config.crio !== undefined)
    logger.debug(`configuration: the version of CRI-O is ${crioText(config.crio)}`);
}

/** The newest version that a configuration can be of. */
function guessVersion(config: Config): CrioAnswer {
  const range = config.versionsOfFiles;
  if (range === undefined) return { known: false, version: newestCrio, source: "nothing tells it" };
  return { known: false, version: newestOf(range), source: "the newest that knows the keys of crio.conf" };
}

/** crio.conf and its drop-ins, in the order in which they are read. */
function crioConfFiles(options: LoadConfigOptions, environment: Environment, paths: ConfigPaths): string[] {
  const namedFile = options.configFile ?? set(environment.CONTAINER_CONFIG);
  const namedDir = options.configDir ?? set(environment.CONTAINER_CONFIG_DIR);
  const file = namedFile ?? (isThere(paths.configFile) ? paths.configFile : undefined);
  const usualDir = namedFile === undefined && isThere(paths.configDir) ? paths.configDir : undefined;
  const dir = namedDir ?? usualDir;
  return [...(file === undefined ? [] : [file]), ...(dir === undefined ? [] : listDropIns(dir))];
}

function override(config: Config, overrides: ConfigOverrides): void {
  const { root, runRoot, storage, storageOptions, runtime, logDir } = overrides;
  // As in containers/storage, a relative path is one from the working directory.
  if (root !== undefined) config.set({ root: absolute("--root", root) }, "--root");
  if (runRoot !== undefined) config.set({ runRoot: absolute("--runroot", runRoot) }, "--runroot");
  if (logDir !== undefined) config.set({ logDir: absolute("--log-dir", logDir) }, "--log-dir");
  if (storage !== undefined) config.set({ storage }, "--storage-driver");
  if (storageOptions !== undefined) config.set({ storageOptions: [...storageOptions] }, "--storage-opt");
  if (runtime !== undefined) overrideRuntime(config, given("--runtime", runtime));
}

/** The default handler, where there is one, would otherwise go before the runtime. Its root stays in use. */
function overrideRuntime(config: Config, runtime: string): void {
  // A handler that is so by default alone goes away: it would stand for a program of its own.
  const byDefault = config.isDefault("defaultRuntime") && runtimeHandler(config, "") === undefined;
  config.set({ runtime }, "--runtime");
  if (byDefault) config.defaultRuntime = "";
  if (config.defaultRuntime === "") return;
  const handler = runtimeHandler(config, "") ?? defaultRuntimeHandler();
  const replaced = { ...handler, runtimePath: runtime, platformRuntimePaths: {} };
  config.set({ runtimes: { ...config.runtimes, [config.defaultRuntime]: replaced } }, "--runtime");
}

function absolute(flag: string, value: string): string {
  return absolutePath(`option ${flag}`, given(flag, value));
}

function given(flag: string, value: string): string {
  if (value === "") throw new KpodError("BAD_ARGUMENT", `option ${flag} must not be empty`);
  return value;
}

function set(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw new KpodError("BAD_CONFIG", `cannot read ${path}: ${describeErrno(error)}`, { cause: error });
  }
}

/**
 * The files of a directory of drop-ins in the order in which CRI-O reads them: every regular file, whatever
 * its name, also in directories within, each directory sorted by the bytes of the names. Links to files are
 * followed, links to directories are not.
 * @throws KpodError BAD_CONFIG that names what cannot be looked at
 */
export function listDropIns(directory: string): string[] {
  try {
    return filesIn(directory);
  } catch (error) {
    throw new KpodError("BAD_CONFIG", `cannot read the drop-ins in ${directory}: ${describeErrno(error)}`, {
      cause: error,
    });
  }
}

function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    const isFile = entry.isFile() || (entry.isSymbolicLink() && statSync(path).isFile());
    return isFile ? [path] : [];
  });
}
