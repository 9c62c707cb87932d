import { KpodError } from "../errors";
import { isRecord } from "../system/files";
import { cniVersions, firstCniVersion, isCniVersion, type CniVersion } from "./cni-version";

/** A plugin of a network, as its configuration has it. */
export interface NetworkPlugin {
  /** The name of its program. */
  readonly type: string;
  /** What it wants to be told at each call: `portMappings`, `bandwidth`, … */
  readonly capabilities: readonly string[];
  /** All that the configuration says of it, as it stands there. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** A network: the plugins that are run one after the other. See "Network configuration format" of the CNI specification. */
export interface NetworkList {
  readonly name: string;
  readonly cniVersion: CniVersion;
  /** True where CHECK is not to be called. */
  readonly disableCheck: boolean;
  readonly plugins: readonly NetworkPlugin[];
  /** Where it was read from, for messages. */
  readonly file: string;
  /** The JSON text from which libcni, and `parseNetworkList`, make the same list again. */
  readonly text: string;
}

/** The plugins that a network has beside its file, a directory of its name with a file each; JSON texts by path. */
export type PluginsBeside = (name: string) => readonly (readonly [path: string, text: string])[];

const networkName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/**
 * Reads a list of plugins, a *.conflist.
 * @param beside reads the plugins beside the file, which the list may refuse
 * @throws KpodError BAD_CONFIG that says what is wrong, without the name of the file
 */
export function parseNetworkList(file: string, text: string, beside: PluginsBeside = () => []): NetworkList {
  const value = parseObject(text);
  const name = nameIn(value.name);
  const inline = value.plugins ?? [];
  if (!Array.isArray(inline)) throw bad("its plugins are no list");
  const closed = flagIn(value, "loadOnlyInlinedPlugins");
  const others = closed ? [] : beside(name).map(([path, each]) => within(path, () => parseObject(each)));
  const configs: unknown[] = [...(inline as unknown[]), ...others];
  if (configs.length === 0) throw bad("it has no plugins");
  return {
    name,
    cniVersion: versionIn(value),
    disableCheck: flagIn(value, "disableCheck"),
    plugins: configs.map(pluginIn),
    file,
    // What is cached must say it all: nobody will look beside it.
    text:
      others.length === 0
        ? text
        : JSON.stringify({ ...value, plugins: configs, loadOnlyInlinedPlugins: true }),
  };
}

/**
 * Reads a single plugin, a *.conf or *.json, as a list of one.
 * @param otherwise its name where it has none
 * @throws KpodError BAD_CONFIG that says what is wrong, without the name of the file
 */
export function parseSinglePlugin(file: string, text: string, otherwise: string): NetworkList {
  const value = parseObject(text);
  if (value.type === undefined && value.plugins !== undefined)
    throw bad("it is a list of plugins, and must be called *.conflist");
  const { cniVersion, name = otherwise } = value;
  const list = { ...(cniVersion === undefined ? {} : { cniVersion }), name, plugins: [value] };
  return parseNetworkList(file, JSON.stringify(list));
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(`it is not valid JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  if (!isRecord(value)) throw bad("it does not hold an object");
  return value;
}

function nameIn(value: unknown): string {
  if (value === undefined || value === "") throw bad("it has no name");
  // It becomes part of paths: of the cache, of the leases.
  if (typeof value !== "string" || !networkName.test(value))
    throw bad(`its name ${JSON.stringify(value)} must be of letters, digits, "_", "." and "-"`);
  return value;
}

/** The highest version of those that the list names and kpod knows. */
function versionIn({ cniVersion, cniVersions: several }: Record<string, unknown>): CniVersion {
  const named = Array.isArray(several) ? [...(several as unknown[]), cniVersion] : [cniVersion];
  const given = named.filter((version) => version !== undefined && version !== "");
  if (given.length === 0) return firstCniVersion;
  const known = cniVersions.filter((version) => given.includes(version));
  const highest = known.at(-1);
  if (highest !== undefined && isCniVersion(highest)) return highest;
  throw bad(
    `its cniVersion ${given.map((version) => JSON.stringify(version)).join(", ")} is none that kpod knows, which are ${cniVersions[0]} to ${cniVersions.at(-1) ?? ""}`,
  );
}

/** libcni takes texts for true and false, too. */
function flagIn(value: Record<string, unknown>, key: string): boolean {
  const flag = value[key] ?? false;
  if (typeof flag === "boolean") return flag;
  const word = typeof flag === "string" ? flag.toLowerCase() : "";
  if (["true", "t", "1"].includes(word)) return true;
  if (["false", "f", "0"].includes(word)) return false;
  throw bad(`its ${key} must be true or false`);
}

function pluginIn(value: unknown): NetworkPlugin {
  if (!isRecord(value)) throw bad("one of its plugins is no object");
  const { type, capabilities } = value;
  if (type === undefined || type === "") throw bad("one of its plugins has no type");
  // It is looked for in the directories of plugins, and nowhere else.
  if (typeof type !== "string" || type.includes("/") || type === "." || type === "..")
    throw bad(`its plugin type ${JSON.stringify(type)} is no name of a program`);
  const wanted = isRecord(capabilities) ? Object.entries(capabilities) : [];
  return {
    type,
    capabilities: wanted.flatMap(([name, wants]) => (wants === true ? [name] : [])),
    config: value,
  };
}

function within<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    throw bad(`${path} beside it cannot be used: ${error.message}`, error);
  }
}

function bad(why: string, cause?: unknown): KpodError {
  return new KpodError("BAD_CONFIG", why, { cause });
}
