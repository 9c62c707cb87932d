import { KpodError } from "../errors";
import { isLoopback, listCachedAttachments, readCachedAttachments } from "../network/cache";
import { isConnecting } from "../network/intended";
import { jsonOf } from "../network/plugin";
import { cachedResult, viewOfResult, type CniResult } from "../network/result";
import { annotations } from "../oci/annotations";
import type { Sandbox } from "../sandbox/sandbox";

/** A network of a pod, as inspect shows it. */
export interface PodNetworkData {
  /** "" where only its result is known. */
  Name: string;
  /** The interface in the pod: `eth0`. */
  Interface: string;
  MAC: string;
  /** With the lengths of their networks: `10.88.0.5/16`. */
  IPs: string[];
  Gateways: string[];
  Routes: { Dst: string; Gateway: string }[];
  DNS: { Nameservers: string[]; Domain: string; Search: string[]; Options: string[] };
}

/**
 * The networks of a pod, from libcni's cache; where that has nothing, or may not be read, the one that CRI-O persisted.
 * None with the host's network, and once its network is taken down.
 * @param persisted the annotations of its infra container's spec
 * @throws KpodError IO
 */
export function podNetworksData(
  sandbox: Pick<Sandbox, "id" | "isNetworkStopped" | "infraContainer">,
  persisted: Readonly<Record<string, string>>,
): PodNetworkData[] {
  if (sandbox.isNetworkStopped) return [];
  const cached = whereReadable(() => readCachedAttachments(sandbox.id)).filter(
    (attachment) => !isLoopback(attachment),
  );
  if (cached.length > 0)
    return cached.map(({ networkName, ifName, result }) => dataOf(networkName, ifName, result));
  // While it is set up, and where that broke off, what is persisted is of before.
  if (isConnecting(sandbox.infraContainer)) return [];
  const result = cachedResult(jsonOf(persisted[annotations.cniResult] ?? ""));
  return result === undefined ? [] : [dataOf("", "eth0", result)];
}

function dataOf(name: string, ifName: string, result: CniResult | undefined): PodNetworkData {
  const { interfaces, ips, routes, dns } = viewOfResult(result ?? {});
  const inside = interfaces.filter(({ sandbox }) => sandbox !== "");
  const { mac } = inside.find((each) => each.name === ifName) ?? inside[0] ?? { mac: "" };
  return {
    Name: name,
    Interface: ifName,
    MAC: mac,
    IPs: ips.map(({ address }) => address),
    Gateways: ips.map(({ gateway }) => gateway).filter((gateway) => gateway !== ""),
    Routes: routes.map(({ dst, gw }) => ({ Dst: dst, Gateway: gw })),
    DNS: {
      Nameservers: [...dns.nameservers],
      Domain: dns.domain,
      Search: [...dns.search],
      Options: [...dns.options],
    },
  };
}

/**
 * Looks once which networks the pods of the node are in.
 * @returns their names for a pod, in the order of its interfaces: none for one that is in none or on the host's
 */
export function podNetworkNames(): (sandbox: Pick<Sandbox, "id">) => string[] {
  const names = new Map<string, { ifName: string; networkName: string }[]>();
  for (const { containerId, networkName, ifName } of whereReadable(() => listCachedAttachments())) {
    if (isLoopback({ ifName })) continue;
    names.set(containerId, [...(names.get(containerId) ?? []), { ifName, networkName }]);
  }
  return ({ id }) =>
    (names.get(id) ?? [])
      .sort((a, b) => (a.ifName < b.ifName ? -1 : 1))
      .map(({ networkName }) => networkName);
}

/** The cache is root's alone; who may read the store and not it, sees the rest. */
function whereReadable<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KpodError) || error.code !== "NOT_PERMITTED") throw error;
    return [];
  }
}
