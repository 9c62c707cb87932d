import { existsSync } from "node:fs";
import { isLoopback, listCachedAttachments, readCachedAttachments } from "../network/cache";
import { isNetworkNamespace } from "../network/attachment";
import type { Lease } from "../network/leases";
import type { ServerView } from "../server-parts";
import type { ContainerRecord } from "../storage/records";

/** What nobody uses of a network any more, and nobody will give back. */
export interface NetworkLeak {
  /** A lease of host-local, or a file of libcni's cache. */
  readonly kind: "lease" | "attachment";
  readonly path: string;
  readonly network: string;
  /** "" for what is cached. */
  readonly address: string;
  readonly containerId: string;
  readonly ifName: string;
  /** One clause. */
  readonly why: string;
}

/** Who has a lease or an attachment. */
export interface NetworkHolder {
  /** `NAMESPACE/POD`, the name of another container of the store, or "". */
  readonly name: string;
  /** Why it is leaked, one clause; undefined where it is not. */
  readonly leaked: string | undefined;
}

/**
 * Tells who has what of networks. What is asked for is to be read before this is called: whoever made it is recorded by
 * then.
 * @throws KpodError CORRUPT, IO when the records cannot be read
 */
export async function openNetworkHolders(
  server: Pick<ServerView, "store" | "lists" | "updateRecords">,
): Promise<(containerId: string) => NetworkHolder> {
  await server.updateRecords();
  return networkHolders(server.lists, await server.store.containers());
}

/** The same of records that were read, and of the lists that were made of them. */
export function networkHolders(
  lists: Pick<ServerView["lists"], "getSandbox">,
  containers: readonly Pick<ContainerRecord, "id" | "names">[],
): (containerId: string) => NetworkHolder {
  const records = new Map<string, string | undefined>(containers.map(({ id, names }) => [id, names?.[0]]));
  const cached = new Set(listCachedAttachments().map(({ containerId }) => containerId));
  return (containerId) => {
    const sandbox = lists.getSandbox(containerId);
    if (sandbox !== undefined) {
      const leaked = sandbox.isNetworkStopped ? "its pod is out of the network" : undefined;
      return { name: `${sandbox.namespace}/${sandbox.kubeName}`, leaked };
    }
    // Podman keeps its containers in the same store.
    if (records.has(containerId)) return { name: records.get(containerId) ?? "", leaked: undefined };
    // As long as its namespace is there, it is somebody else's: of another store.
    const isForeign =
      cached.has(containerId) &&
      readCachedAttachments(containerId).some(({ netns }) => isNetworkNamespace(netns));
    return { name: "", leaked: isForeign ? undefined : "no pod or container has its id" };
  };
}

/** What is leaked of leases that were read. One that is given back meanwhile is left out. */
export function leakedLeases(
  network: string,
  leases: readonly Lease[],
  holderOf: (containerId: string) => NetworkHolder,
): NetworkLeak[] {
  return leases.flatMap(({ path, address, containerId, ifName }): NetworkLeak[] => {
    const { leaked } = holderOf(containerId);
    if (leaked === undefined || !existsSync(path)) return [];
    return [{ kind: "lease", path, network, address, containerId, ifName, why: leaked }];
  });
}

/** What libcni has cached of containers that there are no more. Of which networks, is asked for by their names. */
export function leakedAttachments(
  isWanted: (network: string) => boolean,
  cached: ReturnType<typeof listCachedAttachments>,
  holderOf: (containerId: string) => NetworkHolder,
): NetworkLeak[] {
  return cached.flatMap(({ path, networkName, containerId, ifName }): NetworkLeak[] => {
    if (isLoopback({ ifName }) || !isWanted(networkName)) return [];
    const { leaked } = holderOf(containerId);
    if (leaked === undefined || !existsSync(path)) return [];
    return [
      { kind: "attachment", path, network: networkName, address: "", containerId, ifName, why: leaked },
    ];
  });
}
