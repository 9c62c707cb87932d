import { existsSync } from "node:fs";
import { isStorageId } from "../../names/ids";
import { readCachedAttachments } from "../../network/cache";
import { addressesOf, readLeases } from "../../network/leases";
import { readNetworks } from "../../network/networks";
import { leakedLeases, type NetworkLeak } from "../../operations/network-leaks";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { holdersOfNetworks } from "../facts/network-holders";
import { mendBySteps, type Found } from "../finding";
import type { MendStep } from "../step";

export const check: Check = {
  id: "net.lease-leaked",
  rank: 90,
  severity: "breaks-now",
  about: `The plugin host-local has given an address to a pod that is gone: new pods fail with "no IP addresses available in range set" once
all are given away. The leases of the networks that are configured are compared with the records of the store, as
kpod-network-check(1) does: one of a pod that is out of its network is leaked as well, one whose pod still has a network
namespace is left alone, and so are the networks of podman. Offered is to remove the lease, and what
libcni has cached of the pod.`,
  quick: true,
  live: true,
  find: findLeakedLeases,
};

async function findLeakedLeases(facts: Facts): Promise<readonly Found[]> {
  const { networks } = readNetworks(facts.server.config);
  if (networks.length === 0) return [];
  const holderOf = await facts.get(holdersOfNetworks);
  return networks
    .filter(({ name }) => name !== "podman")
    .flatMap((list) => {
      const leases = readLeases(list);
      const old = leases.filter(({ since }) => !facts.isYoung(since, usualAge));
      const leaked = leakedLeases(list.name, old, holderOf);
      const total = addressesOf(list);
      const isFull = total !== undefined && leases.length >= total;
      return leaked.map((leak) =>
        leaseFound(
          leak,
          { leaked: leaked.length, used: leases.length, total, isFull },
          old.find(({ path }) => path === leak.path)?.since,
        ),
      );
    });
}

/** How far the range of a network is used up. */
interface Usage {
  readonly leaked: number;
  readonly used: number;
  readonly total: number | undefined;
  readonly isFull: boolean;
}

function leaseFound(
  { path, network, address, containerId, ifName, why }: NetworkLeak,
  usage: Usage,
  since: number | undefined,
): Found {
  const { leaked, used, total, isFull } = usage;
  const cached = readCachedAttachments(containerId).filter(
    (each) => each.networkName === network && existsSync(each.path),
  );
  const steps: readonly MendStep[] = [
    { do: "remove-lease", path, id: containerId },
    ...cached.map((each): MendStep => ({ do: "remove", path: each.path })),
  ];
  const share = `${used}${total === undefined ? "" : ` of ${total}`} addresses are given away, ${leaked} of them leaked`;
  return {
    severity: isFull ? "breaks-now" : "leaks",
    object: {
      kind: "lease",
      id: isStorageId(containerId) ? containerId : undefined,
      name: `${network} ${address}`,
      path,
    },
    key: path,
    evidence: [
      {
        file: path,
        says: `gives ${address} to ${containerId === "" ? "nobody" : containerId.slice(0, 13)}${ifName === "" ? "" : ` ${ifName}`}`,
      },
      { file: "the records of the store", says: `tell that ${why}` },
      ...cached.map((each) => ({ file: each.path, says: "is what libcni cached of it" })),
    ],
    consequence: isFull
      ? `no pod gets an address in the network ${network}: ${share}`
      : `the address is given to no other pod of the network ${network}: ${share}`,
    mend: mendBySteps("S", "remove the lease", steps),
    since,
  };
}
