import { isIP } from "node:net";
import { KpodError } from "../errors";
import { bandwidthOf, type Bandwidth } from "../network/bandwidth";
import { entryOf, portsClash, portText, refuseUsedPort, type PortEntry } from "../network/host-ports";
import type { NetworkList } from "../network/network-list";
import { defaultNetwork, networkNamed, readNetworks } from "../network/networks";
import type { PortMapping } from "../sandbox/sandbox";
import type { LaunchParts } from "../server-parts";

/**
 * The network of a new pod: that of the host; one of its own with nothing but loopback; the CNI network that CRI-O would
 * take; or CNI networks by their names, which become eth0, eth1 and so on.
 */
export type PodNetwork = "host" | "none" | "cni" | readonly string[];

/** How a new pod is connected. */
export interface PodNetworkOptions {
  /** Default: `cni` where a CNI network is configured, else `none`. */
  network?: PodNetwork | undefined;
  /** Ports of the host that lead to the pod. */
  portMappings?: readonly PortMapping[];
  /** The addresses that it is to have, one of a family. */
  ips?: readonly string[];
  /** The address of its interface: `02:00:00:00:00:01`. */
  mac?: string;
}

/** How a new pod will be connected. */
export interface NetworkPlan {
  readonly host: boolean;
  readonly networks: readonly NetworkList[];
  readonly pluginDirs: readonly string[];
  readonly portMappings: readonly PortMapping[];
  readonly ips: readonly string[];
  readonly mac: string;
  readonly bandwidth: Bandwidth | undefined;
}

/**
 * Finds out how a new pod is connected, before anything of it is made.
 * @param annotations the pod's, which may ask for a bandwidth
 * @throws KpodError BAD_ARGUMENT, BAD_CONFIG, NOT_FOUND, CONFLICT for a port on which a program listens
 */
export async function planNetwork(
  { config, logger }: Pick<LaunchParts, "config" | "logger">,
  options: PodNetworkOptions,
  annotations: Readonly<Record<string, string>>,
): Promise<NetworkPlan> {
  const all = readNetworks(config);
  for (const { file, why } of all.passedOver) logger.debug(`${file} is passed over: ${why}`);
  const { network, portMappings = [], ips = [], mac = "" } = options;
  const networks = typeof network === "object" ? namedNetworks(network) : await ofKind();
  const plan: NetworkPlan = {
    host: network === "host",
    networks,
    pluginDirs: all.pluginDirs,
    portMappings,
    ips,
    mac,
    bandwidth: bandwidthOf(annotations),
  };
  check(plan, all.directory);
  for (const port of portEntries(plan)) await refuseUsedPort(port);
  return plan;

  function namedNetworks(names: readonly string[]): NetworkList[] {
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) throw bad(`network ${twice} is named twice`);
    return names.map((name) => networkNamed(all, name));
  }

  async function ofKind(): Promise<NetworkList[]> {
    if (network === "host" || network === "none") return [];
    const found = await defaultNetwork(all, config);
    if (found !== undefined) return [found];
    if (network !== "cni") return [];
    throw new KpodError("NOT_FOUND", `no CNI network is configured in ${all.directory}`, {
      hint: "put the file of one there, name another directory as network_dir in [crio.network], or use --network none",
    });
  }
}

function check({ host, networks, portMappings, ips, mac }: NetworkPlan, directory: string): void {
  const asked =
    portMappings.length > 0 ? "ports" : ips.length > 0 ? "an address" : mac === "" ? "" : "a MAC address";
  if (asked !== "" && host) throw bad(`a pod on the host's network cannot have ${asked} of its own`);
  if (asked !== "" && networks.length === 0) {
    throw new KpodError("BAD_ARGUMENT", `a pod without a network cannot have ${asked}`, {
      hint: `name a network, or put the file of one into ${directory}`,
    });
  }
  if (networks.length > 1 && (ips.length > 0 || mac !== ""))
    throw bad(
      `${ips.length > 0 ? "an address" : "a MAC address"} can be given to a pod in one network, not in several`,
    );
  for (const ip of ips) if (isIP(ip) === 0) throw bad(`${JSON.stringify(ip)} is no IP address`);
  if (new Set(ips.map(isIP)).size < ips.length) throw bad("a pod gets one address of a family");
  if (mac !== "" && !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac))
    throw bad(`${JSON.stringify(mac)} is no MAC address`);
  const entries = portMappings.map(entryOf);
  const clash = entries.find((entry, at) => entries.slice(0, at).some((other) => portsClash(entry, other)));
  if (clash !== undefined) throw bad(`port ${portText(clash)} of the host is published twice`);
  const [first] = networks;
  if (entries.length === 0 || first === undefined || networks.some(mapsPorts)) return;
  throw new KpodError(
    "BAD_CONFIG",
    `network ${first.name} (${first.file}) has no portmap plugin, by which ports are published: CRI-O maps them itself, which kpod cannot do beside it`,
    { hint: 'add {"type":"portmap","capabilities":{"portMappings":true}} to its plugins' },
  );
}

/** True for a network with a plugin that publishes ports. */
export function mapsPorts({ plugins }: NetworkList): boolean {
  return plugins.some(({ capabilities }) => capabilities.includes("portMappings"));
}

function bad(message: string): KpodError {
  return new KpodError("BAD_ARGUMENT", message);
}

/** The ports that a new pod publishes, as plugins are told of them. */
export function portEntries({ portMappings }: Pick<NetworkPlan, "portMappings">): PortEntry[] {
  return portMappings.map(entryOf);
}
