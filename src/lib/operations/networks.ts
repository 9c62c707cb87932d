import { basename } from "node:path";
import { KpodError } from "../errors";
import { addressText } from "../network/address";
import { listCachedAttachments } from "../network/cache";
import { readSettledLeases, type Lease } from "../network/leases";
import type { NetworkList } from "../network/network-list";
import {
  chooseDefaultNetwork,
  networkNamed,
  readNetworks,
  type DefaultNetwork,
  type Networks,
} from "../network/networks";
import { findPlugin } from "../network/plugin";
import { isInRange, localAddresses, rangeSize, type AddressRange } from "../network/ranges";
import type { PortMapping, Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { podNetworksData } from "./network-data";
import { leakedAttachments, leakedLeases, openNetworkHolders, type NetworkHolder } from "./network-leaks";
import { tolerantRead } from "./tolerant";

/** Addresses that host-local gives out, and how many of them are left. */
export interface SubnetUse {
  /** As it is configured: `10.85.0.0/16`. */
  subnet: string;
  rangeStart: string;
  rangeEnd: string;
  gateway: string;
  /** How many addresses can be given out. Beyond 2^53 these are rounded. */
  size: number;
  used: number;
  free: number;
}

/** A file of `network_dir`. */
export interface NetworkRow {
  /** "" for a file that is passed over and does not say. */
  name: string;
  /** The one that CRI-O takes; another that can be named; or none. */
  status: "default" | "ready" | "passed over";
  /** Why it is the default, or passed over, one clause; else "". */
  why: string;
  cniVersion: string;
  /** Their types, in order. */
  plugins: string[];
  /** None where others than host-local give the addresses. */
  subnets: SubnetUse[];
  file: string;
}

type Server = Pick<ServerView, "config" | "logger">;

/** Milliseconds that a look waits for the lock of a directory of leases. */
const lockPatience = 1_000;

/**
 * Looks at the networks that are configured on the node, in the order of their files.
 * @throws KpodError NOT_PERMITTED, IO
 */
export async function listNetworks(server: Server): Promise<NetworkRow[]> {
  const all = readNetworks(server.config);
  const chosen = await defaultOf(server, all);
  const usable = await Promise.all(
    all.networks.map(async (network): Promise<NetworkRow> => {
      const isDefault = network.file === chosen?.network.file;
      return {
        name: network.name,
        status: isDefault ? "default" : "ready",
        why: isDefault ? chosen.why : "",
        cniVersion: network.cniVersion,
        plugins: network.plugins.map(({ type }) => type),
        subnets: subnetUses(network, await leasesOf(server, network)),
        file: network.file,
      };
    }),
  );
  const passedOver = all.passedOver.map(({ file, name = "", why, hint }): NetworkRow => ({
    name,
    status: "passed over",
    why: hint === undefined ? why : `${why}: ${hint}`,
    cniVersion: "",
    plugins: [],
    subnets: [],
    file,
  }));
  return [...usable, ...passedOver].sort((a, b) => (basename(a.file) < basename(b.file) ? -1 : 1));
}

/** The default; where what is configured cannot be had, that is a warning. */
async function defaultOf({ config, logger }: Server, all: Networks): Promise<DefaultNetwork | undefined> {
  try {
    return await chooseDefaultNetwork(all, config);
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    // The files that are passed over are listed themselves.
    if (config.cniDefaultNetwork !== "") logger.warn(`there is no default network: ${error.message}`);
    return undefined;
  }
}

/** The leases of a network: none where others than host-local give the addresses. @throws KpodError NOT_PERMITTED, IO */
export async function leasesOf(
  { logger }: Pick<ServerView, "logger">,
  network: Pick<NetworkList, "name" | "plugins">,
): Promise<readonly Lease[]> {
  const { leases, settled } = await readSettledLeases(network, lockPatience);
  if (!settled)
    logger.warn(`the leases of network ${network.name} are locked, and were read while they may change`);
  return leases;
}

/** How many addresses of a network are leased, a range each. */
function subnetUses(network: Pick<NetworkList, "name" | "plugins">, leases: readonly Lease[]): SubnetUse[] {
  const { sets = [] } = localAddresses(network) ?? {};
  return sets.flat().map((range) => rangeUse(range, leases));
}

/** How many addresses of a range are leased. */
export function rangeUse(range: AddressRange, leases: readonly Lease[]): SubnetUse {
  const { subnet, family, first, last, gateway } = range;
  const size = rangeSize(range);
  const used = BigInt(leases.filter(({ parsed }) => isInRange(range, parsed)).length);
  return {
    subnet,
    rangeStart: addressText({ family, value: first }),
    rangeEnd: addressText({ family, value: last }),
    gateway: addressText({ family, value: gateway }),
    size: Number(size),
    used: Number(used),
    free: Number(size > used ? size - used : 0n),
  };
}

/** Everything of a network, as `network inspect` shows it. */
export interface NetworkData {
  Name: string;
  File: string;
  Default: boolean;
  CNIVersion: string;
  DisableCheck: boolean;
  Plugins: { Type: string; Path: string; Capabilities: string[]; Config: Record<string, unknown> }[];
  Subnets: {
    Subnet: string;
    RangeStart: string;
    RangeEnd: string;
    Gateway: string;
    Size: number;
    Used: number;
    Free: number;
  }[];
  /** "" where others than host-local give the addresses. */
  LeaseDirectory: string;
  /** The pods that are in it. */
  Pods: {
    ID: string;
    Name: string;
    Namespace: string;
    Interface: string;
    MAC: string;
    IPs: string[];
    PortMappings: PortMapping[];
  }[];
  Leases: { IP: string; ContainerID: string; Interface: string; Holder: string; Leaked: boolean }[];
  /** Leases and files of libcni's cache that nobody will give back. */
  Leaks: { Kind: "lease" | "attachment"; Path: string; IP: string; ContainerID: string; Why: string }[];
}

/** How things are read, and who has them. */
export type NetworkLook = Pick<ServerView, "config" | "logger" | "store" | "lists" | "updateRecords">;

/**
 * Looks at one network: what is configured, who is in it with which address, what is leaked.
 * @throws KpodError NOT_FOUND, BAD_CONFIG with what is wrong with its file, NOT_PERMITTED, IO
 */
export async function networkData(server: NetworkLook, name: string): Promise<NetworkData> {
  const all = readNetworks(server.config);
  const network = networkNamed(all, name);
  const chosen = await defaultOf(server, all);
  const leases = await leasesOf(server, network);
  const cached = listCachedAttachments();
  const holderOf = await openNetworkHolders(server);
  const leaks = [
    ...leakedLeases(name, leases, holderOf),
    ...leakedAttachments((each) => each === name, cached, holderOf),
  ];
  const leaked = new Set(leaks.map(({ path }) => path));
  const within = new Set(
    cached.filter(({ networkName }) => networkName === name).map((entry) => entry.containerId),
  );
  return {
    Name: name,
    File: network.file,
    Default: chosen?.network.file === network.file,
    CNIVersion: network.cniVersion,
    DisableCheck: network.disableCheck,
    Plugins: network.plugins.map(({ type, capabilities, config }) => ({
      Type: type,
      Path: findPlugin(type, all.pluginDirs) ?? "",
      Capabilities: [...capabilities],
      Config: { ...config },
    })),
    Subnets: subnetUses(network, leases).map(
      ({ subnet, rangeStart, rangeEnd, gateway, size, used, free }) => ({
        ...{ Subnet: subnet, RangeStart: rangeStart, RangeEnd: rangeEnd, Gateway: gateway },
        ...{ Size: size, Used: used, Free: free },
      }),
    ),
    LeaseDirectory: localAddresses(network)?.directory ?? "",
    Pods: server.lists
      .listSandboxes()
      .filter(({ id }) => within.has(id))
      .flatMap((sandbox) => placesOf(server, sandbox, name)),
    Leases: leases.map((lease) => leaseData(lease, holderOf(lease.containerId), leaked.has(lease.path))),
    Leaks: leaks.map(({ kind, path, address, containerId, why }) => ({
      ...{ Kind: kind, Path: path, IP: address, ContainerID: containerId, Why: why },
    })),
  };
}

function leaseData(
  { address, containerId, ifName }: Lease,
  { name }: NetworkHolder,
  leaked: boolean,
): NetworkData["Leases"][number] {
  return { IP: address, ContainerID: containerId, Interface: ifName, Holder: name, Leaked: leaked };
}

/** The interfaces that a pod has in a network. */
function placesOf(server: NetworkLook, sandbox: Sandbox, name: string): NetworkData["Pods"] {
  const { id, kubeName, namespace, infraContainer } = sandbox;
  const read = tolerantRead(server, "pod", infraContainer);
  return read([], () => podNetworksData(sandbox, {}))
    .filter(({ Name }) => Name === name)
    .map(({ Interface, MAC, IPs }) => ({
      ...{ ID: id, Name: kubeName, Namespace: namespace, Interface, MAC, IPs },
      PortMappings: read([], () => sandbox.portMappings),
    }));
}
