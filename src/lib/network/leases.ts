import { lstatSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { ifThere } from "../errors";
import { fileLimits, isRecord, namesInDirectory, readTextIfThere } from "../system/files";
import type { NetworkList } from "./network-list";

/** Where the plugin host-local keeps what it gave away, unless a network names another directory. */
const usualLeases = "/var/lib/cni/networks";

/** An address that the plugin host-local has given to a container. */
export interface Lease {
  readonly path: string;
  readonly network: string;
  readonly address: string;
  /** Of a pod: the id of its infra container. */
  readonly containerId: string;
  /** "" where plugins of long ago did not write it. */
  readonly ifName: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** The directory in which a network keeps its leases; undefined for one whose addresses host-local does not give. */
export function leasesDirectory({ name, plugins }: NetworkList): string | undefined {
  const ipam = plugins.map(({ config }) => config.ipam).find(isHostLocal);
  if (ipam === undefined) return undefined;
  const { dataDir } = ipam;
  return join(typeof dataDir === "string" && dataDir.startsWith("/") ? dataDir : usualLeases, name);
}

function isHostLocal(ipam: unknown): ipam is Record<string, unknown> {
  return isRecord(ipam) && ipam.type === "host-local";
}

/**
 * The leases of a network. What is no lease is passed over.
 * @throws KpodError NOT_PERMITTED, IO
 */
export function readLeases(list: NetworkList): Lease[] {
  const directory = leasesDirectory(list);
  if (directory === undefined) return [];
  return namesInDirectory(directory).flatMap((address) => {
    if (isIP(address) === 0) return [];
    const path = join(directory, address);
    const stat = ifThere(() => lstatSync(path));
    if (stat?.isFile() !== true) return [];
    const [containerId = "", ifName = ""] = (readTextIfThere(path, fileLimits.word) ?? "")
      .trim()
      .split(/\r?\n/);
    return [{ path, network: list.name, address, containerId, ifName, since: stat.mtimeMs }];
  });
}

/** How many addresses the ranges of a network have for containers; undefined where they are not configured as such. */
export function addressesOf({ plugins }: NetworkList): number | undefined {
  const ipam = plugins.map(({ config }) => config.ipam).find(isHostLocal);
  if (ipam === undefined) return undefined;
  const sets = Array.isArray(ipam.ranges) ? (ipam.ranges as unknown[]) : [];
  // The first set is that of the first address of each container; a second one gives each a second address.
  const [first] = sets;
  const ranges: unknown[] = Array.isArray(first) ? first : [ipam];
  const counts = ranges.map(rangeSize);
  return counts.includes(undefined)
    ? undefined
    : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

/** All but the network's own address, its gateway and the broadcast; of IPv6 more than anybody counts. */
function rangeSize(range: unknown): number | undefined {
  if (!isRecord(range) || typeof range.subnet !== "string") return undefined;
  const [address = "", bits = ""] = range.subnet.split("/");
  if (isIP(address) !== 4 || !/^\d{1,2}$/.test(bits)) return undefined;
  const [start, end] = [numberOf(range.rangeStart), numberOf(range.rangeEnd)];
  const size = 2 ** (32 - Number(bits));
  const base = Math.floor((numberOf(address) ?? 0) / size) * size;
  const [first, last] = [start ?? base + 1, end ?? base + size - 2];
  const gateway = numberOf(range.gateway) ?? base + 1;
  return Math.max(0, last - first + 1 - (gateway >= first && gateway <= last ? 1 : 0));
}

function numberOf(address: unknown): number | undefined {
  if (typeof address !== "string" || isIP(address) !== 4) return undefined;
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}
