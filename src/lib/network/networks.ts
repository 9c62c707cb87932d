import { statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { cniPluginDirs, type Config } from "../config";
import { KpodError, orFileError } from "../errors";
import { fileLimits, readTextIfThere, namesInDirectory } from "../system/files";
import { parseNetworkList, parseSinglePlugin, type NetworkList } from "./network-list";
import { findPlugin, missingPlugin, speaksVersion } from "./plugin";

/** What of the configuration says where networks are. */
export type NetworksConfig = Pick<
  Config,
  "networkDir" | "pluginDir" | "pluginDirs" | "cniDefaultNetwork" | "sources"
>;

/** A file that is no network to CRI-O either. */
export interface PassedOver {
  readonly file: string;
  /** One clause. */
  readonly why: string;
  /** The network that it would be, where it says so much. */
  readonly name?: string;
  /** What can be done about it. */
  readonly hint?: string;
}

/** The networks of a node. */
export interface Networks {
  /** Those that can be used, in the order of their files. */
  readonly networks: readonly NetworkList[];
  readonly passedOver: readonly PassedOver[];
  /** The directory of the files. */
  readonly directory: string;
  readonly pluginDirs: readonly string[];
}

const extensions = [".conf", ".conflist", ".json"];

/**
 * Reads the networks of `network_dir` as CRI-O does: *.conf, *.conflist and *.json by name; of two with the same name the
 * first. A file that cannot be used is passed over, with the reason. A directory that is not there has none.
 * @throws KpodError NOT_PERMITTED, IO when the directory cannot be read
 */
export function readNetworks(config: NetworksConfig): Networks {
  const directory = config.networkDir;
  const pluginDirs = cniPluginDirs(config);
  const networks: NetworkList[] = [];
  const passedOver: PassedOver[] = [];
  for (const file of filesIn(directory, extensions)) {
    try {
      const list = readNetwork(file);
      const same = networks.find(({ name }) => name === list.name);
      const missing = list.plugins.find(({ type }) => findPlugin(type, pluginDirs) === undefined);
      const { name } = list;
      if (missing !== undefined) passedOver.push({ file, name, ...missingPlugin(missing.type, pluginDirs) });
      else if (same !== undefined)
        passedOver.push({ file, name, why: `its name ${name} is already that of ${same.file}` });
      else networks.push(list);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      passedOver.push({ file, why: error.message });
    }
  }
  return { networks, passedOver, directory, pluginDirs };
}

function readNetwork(file: string): NetworkList {
  const text = readTextIfThere(file, fileLimits.config) ?? "";
  if (extname(file) !== ".conflist") return parseSinglePlugin(file, text, basename(file));
  return parseNetworkList(file, text, (name) =>
    filesIn(join(dirname(file), name), [".conf"]).map((path) => [
      path,
      readTextIfThere(path, fileLimits.config) ?? "",
    ]),
  );
}

function filesIn(directory: string, wanted: readonly string[]): string[] {
  const what = `the networks of ${directory}`;
  const paths = namesInDirectory(directory, what)
    .filter((name) => wanted.includes(extname(name)))
    .sort()
    .map((name) => join(directory, name));
  return orFileError(`cannot read ${what}`, () =>
    paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === false),
  );
}

/**
 * The network of a name.
 * @throws KpodError NOT_FOUND with those that there are; BAD_CONFIG with what is wrong with it
 */
export function networkNamed({ networks, passedOver, directory }: Networks, name: string): NetworkList {
  const found = networks.find((network) => network.name === name);
  if (found !== undefined) return found;
  const unfit = passedOver.find((entry) => entry.name === name);
  if (unfit !== undefined) throw unfitError(unfit);
  const names = networks.map((network) => network.name);
  const there = names.length === 0 ? "none there" : names.join(", ");
  const unusable = passedOver.map(({ file, why }) => `; ${basename(file)} is none: ${why}`);
  throw new KpodError("NOT_FOUND", `no network ${JSON.stringify(name)} in ${directory}`, {
    hint: `there is ${there}${unusable.join("")}`,
  });
}

/** The network that CRI-O takes for its pods. */
export interface DefaultNetwork {
  readonly network: NetworkList;
  /** Why it is this one, one clause. */
  readonly why: string;
}

/**
 * The network that CRI-O takes for its pods: that of `cni_default_network`, else the first one all of whose plugins know
 * its version.
 * @returns undefined where none is configured at all
 * @throws KpodError NOT_FOUND, BAD_CONFIG with what is wrong with what is configured
 */
export async function chooseDefaultNetwork(
  all: Networks,
  config: NetworksConfig,
): Promise<DefaultNetwork | undefined> {
  if (config.cniDefaultNetwork !== "")
    return { network: networkNamed(all, config.cniDefaultNetwork), why: "cni_default_network names it" };
  const [first, ...others] = all.networks;
  if (first === undefined) {
    const [unfit] = all.passedOver;
    if (unfit !== undefined) throw unfitError(unfit);
    return undefined;
  }
  // Where it is the only one, its plugins say so themselves.
  if (others.length === 0) return { network: first, why: "the only one" };
  for (const network of all.networks) {
    if (!(await speaksVersion(network, all.pluginDirs))) continue;
    return {
      network,
      why: network === first ? "the first one" : "the first one whose plugins know its version",
    };
  }
  return { network: first, why: "the first one" };
}

/** The same without the reason. */
export async function defaultNetwork(
  all: Networks,
  config: NetworksConfig,
): Promise<NetworkList | undefined> {
  return (await chooseDefaultNetwork(all, config))?.network;
}

function unfitError({ file, why, hint }: PassedOver): KpodError {
  return new KpodError("BAD_CONFIG", `${file} is no network: ${why}`, { hint });
}
