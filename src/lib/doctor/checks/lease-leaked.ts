import { existsSync } from "node:fs";
import { isStorageId } from "../../names/ids";
import { readCachedAttachments } from "../../network/cache";
import { addressesOf, readLeases, type Lease } from "../../network/leases";
import { readNetworks } from "../../network/networks";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { isNamespaceAt } from "../facts/pins";
import { containerIds } from "../facts/store";
import { mendBySteps, type Found } from "../finding";
import type { MendStep } from "../step";

export const check: Check = {
  id: "net.lease-leaked",
  rank: 90,
  severity: "breaks-now",
  about: `The plugin host-local has given an address to a pod that is gone: new pods fail with "no IP addresses available in range set" once
all are given away. The leases of the networks that are configured are compared with the records of the store; one whose pod
still has a network namespace is left alone, and so are the networks of podman. Offered is to remove the lease, and what
libcni has cached of the pod.`,
  quick: true,
  live: true,
  find: findLeakedLeases,
};

async function findLeakedLeases(facts: Facts): Promise<readonly Found[]> {
  const { networks } = readNetworks(facts.server.config);
  const known = await facts.get(containerIds);
  return networks
    .filter(({ name }) => name !== "podman")
    .flatMap((list) => {
      const leases = readLeases(list);
      const leaked = leases.filter((lease) => isLeaked(facts, lease, known));
      const total = addressesOf(list);
      const isFull = total !== undefined && leases.length >= total;
      return leaked.map((lease) =>
        leaseFound(lease, { leaked: leaked.length, used: leases.length, total, isFull }),
      );
    });
}

function isLeaked(facts: Facts, { containerId, since }: Lease, known: ReadonlySet<string>): boolean {
  if (!isStorageId(containerId) || known.has(containerId) || facts.isYoung(since, usualAge)) return false;
  // Whoever has its namespace is somebody else's pod.
  return !readCachedAttachments(containerId).some(
    ({ netns }) => netns !== "" && isNamespaceAt(netns) === true,
  );
}

/** How far the range of a network is used up. */
interface Usage {
  readonly leaked: number;
  readonly used: number;
  readonly total: number | undefined;
  readonly isFull: boolean;
}

function leaseFound({ path, network, address, containerId, ifName, since }: Lease, usage: Usage): Found {
  const { leaked, used, total, isFull } = usage;
  const cached = readCachedAttachments(containerId).filter(
    (each) => each.networkName === network && existsSync(each.path),
  );
  const steps: MendStep[] = [path, ...cached.map((each) => each.path)].map((each) => ({
    do: "remove",
    path: each,
  }));
  const share = `${used}${total === undefined ? "" : ` of ${total}`} addresses are given away, ${leaked} of them leaked`;
  return {
    severity: isFull ? "breaks-now" : "leaks",
    object: { kind: "lease", id: containerId, name: `${network} ${address}`, path },
    key: path,
    evidence: [
      {
        file: path,
        says: `gives ${address} to ${containerId.slice(0, 13)}${ifName === "" ? "" : ` ${ifName}`}`,
      },
      { file: "the records of the store", says: "have no pod of this id" },
      ...cached.map((each) => ({ file: each.path, says: "is what libcni cached of it" })),
    ],
    consequence: isFull
      ? `no pod gets an address in the network ${network}: ${share}`
      : `the address is given to no other pod of the network ${network}: ${share}`,
    mend: mendBySteps("S", "remove the lease", steps),
    since,
  };
}
