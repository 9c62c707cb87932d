import { isRecord } from "../system/files";
import { parseAddress, parseSubnet, sizeOf, type Address } from "./address";
import type { NetworkList } from "./network-list";

/** Addresses that host-local gives out, one of each set to a container. */
export type RangeSet = readonly AddressRange[];

/** A stretch of addresses within a subnet. */
export interface AddressRange {
  /** As it is configured: `10.85.0.0/16`. */
  readonly subnet: string;
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  /** Never given out. */
  readonly gateway: bigint;
}

/** What of a network host-local gives addresses for. */
export interface LocalAddresses {
  /** Where its leases are. */
  readonly directory: string;
  readonly sets: readonly RangeSet[];
}

/** Where host-local keeps what it gives away; a network may say otherwise. */
export const leasesDirectory = "/var/lib/cni/networks";

/**
 * What host-local gives out in a network, by all plugins of it that ask host-local; undefined where others give the
 * addresses, or nobody does.
 */
export function localAddresses({
  name,
  plugins,
}: Pick<NetworkList, "name" | "plugins">): LocalAddresses | undefined {
  const all = plugins
    .map(({ config }) => config.ipam)
    .filter(isRecord)
    .filter(({ type }) => type === "host-local");
  const [first] = all;
  if (first === undefined) return undefined;
  const { dataDir } = first;
  const base = typeof dataDir === "string" && dataDir.startsWith("/") ? dataDir : leasesDirectory;
  return { directory: `${base.replace(/\/+$/, "")}/${name}`, sets: all.flatMap(rangeSets) };
}

/** As host-local reads them: a range beside the list of sets is the first set. What it would refuse is left out. */
function rangeSets(ipam: Readonly<Record<string, unknown>>): RangeSet[] {
  const { ranges } = ipam;
  const listed = Array.isArray(ranges) ? ranges.filter(Array.isArray) : [];
  const sets = [...(ipam.subnet === undefined ? [] : [[ipam]]), ...(listed as unknown[][])];
  return sets
    .map((set) => set.filter(isRecord).flatMap((range) => rangeOf(range) ?? []))
    .filter((set) => set.length > 0);
}

function rangeOf(value: Readonly<Record<string, unknown>>): AddressRange | undefined {
  const text = typeof value.subnet === "string" ? value.subnet : "";
  const subnet = parseSubnet(text);
  if (subnet === undefined || sizeOf(subnet) < 4n) return undefined;
  const { family, value: start } = subnet;
  const within = (key: string, otherwise: bigint): bigint => {
    const word = value[key];
    const address = typeof word === "string" ? parseAddress(word) : undefined;
    return address?.family === family ? address.value : otherwise;
  };
  // IPv6 has no address for all of a subnet at its end.
  const end = start + sizeOf(subnet) - (family === 4 ? 2n : 1n);
  return {
    subnet: text,
    family,
    first: within("rangeStart", start + 1n),
    last: within("rangeEnd", end),
    gateway: within("gateway", start + 1n),
  };
}

/** How many addresses a range gives out. */
export function rangeSize(range: AddressRange): bigint {
  const { first, last, gateway } = range;
  if (last < first) return 0n;
  return last - first + 1n - (gateway >= first && gateway <= last ? 1n : 0n);
}

/** True for an address that a range gives out. */
export function isInRange({ family, first, last, gateway }: AddressRange, address: Address): boolean {
  const { value } = address;
  return address.family === family && value >= first && value <= last && value !== gateway;
}
