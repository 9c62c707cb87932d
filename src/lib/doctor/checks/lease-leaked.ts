import { existsSync, lstatSync } from "node:fs";
import { isStorageId } from "../../names/ids";
import { listCachedAttachments, readCachedAttachments, type CachedAttachment } from "../../network/cache";
import { addressesOf, readLeases } from "../../network/leases";
import { readNetworks } from "../../network/networks";
import { leakedAttachments, leakedLeases, type NetworkLeak } from "../../operations/network-leaks";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { detachSteps } from "../facts/attachments";
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
namespace is left alone, and so are the networks of podman. What libcni has cached of a pod that is gone, with or without a
lease, is told as well. Offered is to call the plugins with the configuration that is cached (CNI DEL), by which rules of the
host go, too, and to remove the lease and what is cached where these left them.`,
  quick: true,
  live: true,
  find: findLeakedLeases,
};

async function findLeakedLeases(facts: Facts): Promise<readonly Found[]> {
  const { networks } = readNetworks(facts.server.config);
  if (networks.length === 0) return [];
  const holderOf = await facts.get(holdersOfNetworks);
  const own = networks.filter(({ name }) => name !== "podman");
  const ofLeases = own.flatMap((list) => {
    const leases = readLeases(list);
    const old = leases.filter(({ since }) => !facts.isYoung(since, usualAge));
    const leaked = leakedLeases(list.name, old, holderOf);
    const total = addressesOf(list);
    const isFull = total !== undefined && leases.length >= total;
    return leaked.map((leak) =>
      leaseFound(
        facts,
        leak,
        { leaked: leaked.length, used: leases.length, total, isFull },
        old.find(({ path }) => path === leak.path)?.since,
      ),
    );
  });
  const names = new Set(own.map(({ name }) => name));
  const leased = new Set(ofLeases.flatMap(({ evidence }) => evidence.map(({ file }) => file)));
  const isWanted = (network: string): boolean => names.has(network);
  const cached = leakedAttachments(isWanted, listCachedAttachments(), holderOf);
  return [
    ...ofLeases,
    ...cached.filter(({ path }) => !leased.has(path)).flatMap((leak) => attachmentFound(facts, leak)),
  ];
}

/** What is cached of a pod that is gone, and has no lease. */
function attachmentFound(facts: Facts, { path, network, containerId, ifName, why }: NetworkLeak): Found[] {
  const since = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (since === undefined || facts.isYoung(since, usualAge)) return [];
  const cached = readCachedAttachments(containerId).filter((each) => each.path === path);
  return [
    {
      severity: "leaks",
      object: {
        kind: "path",
        id: isStorageId(containerId) ? containerId : undefined,
        name: `${network} ${ifName}`,
        path,
      },
      key: path,
      evidence: [
        {
          file: path,
          says: `is what libcni cached of ${containerId.slice(0, 13)} in the network ${network}`,
        },
        { file: "the records of the store", says: `tell that ${why}` },
      ],
      consequence: "what the plugins of the network have set up for it on the host stays",
      mend: mendBySteps("S", "take it out of the network", endingSteps(facts, cached)),
      since,
    },
  ];
}

/** The plugins are called first; what they leave is removed. */
function endingSteps(
  { server: { config } }: Facts,
  cached: readonly CachedAttachment[],
  between: readonly MendStep[] = [],
): MendStep[] {
  return [
    ...cached.flatMap((each) => detachSteps(config, each)),
    ...between,
    ...cached.map((each): MendStep => ({ do: "remove", path: each.path })),
  ];
}

/** How far the range of a network is used up. */
interface Usage {
  readonly leaked: number;
  readonly used: number;
  readonly total: number | undefined;
  readonly isFull: boolean;
}

function leaseFound(
  facts: Facts,
  { path, network, address, containerId, ifName, why }: NetworkLeak,
  usage: Usage,
  since: number | undefined,
): Found {
  const { leaked, used, total, isFull } = usage;
  const cached = readCachedAttachments(containerId).filter(
    (each) => each.networkName === network && existsSync(each.path),
  );
  const steps = endingSteps(facts, cached, [{ do: "remove-lease", path, id: containerId }]);
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
