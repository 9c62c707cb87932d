import { KpodError } from "../../errors";
import { isStorageId } from "../../names/ids";
import { parseAddress } from "../../network/address";
import { readCachedAttachments } from "../../network/cache";
import { iptablesPrograms } from "../../network/iptables";
import { readIptablesPorts, type IptablesPorts } from "../../network/iptables-ports";
import { nftCommentOf, readNftPorts, type NftPorts } from "../../network/nftables-ports";
import type { NetworkList } from "../../network/network-list";
import { readNetworks } from "../../network/networks";
import { isInRange, localAddresses } from "../../network/ranges";
import type { NetworkHolder } from "../../operations/network-leaks";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { containersWithStates } from "../facts/containers";
import { holdersOfNetworks } from "../facts/network-holders";
import { mendBySteps, type Found } from "../finding";
import type { MendStep } from "../step";

export const check: Check = {
  id: "net.hostport-stale",
  rank: 320,
  severity: "breaks-now",
  about: `A rule of the host leads a port to a pod that is gone: a new pod with the same port answers nothing, or is not made. Looked at
are iptables and, where there is \`nft\`, nftables. Judged are the rules of CNI's portmap that name a container that nobody has,
in a network of the configuration (nftables does not name the network: what libcni has cached tells it, or the address to
which the port leads); and, while pods of this store have ports of the host by CRI-O's own rules, those of them that name none
of its pods. Rules that name nobody are not judged. They are deleted, all of a pod at once.`,
  quick: false,
  live: true,
  asks: [hostPorts],
  find: findStalePorts,
};

/** What leads ports of the host to pods, and why some of it cannot be told. */
interface HostPorts {
  readonly byIptables: readonly IptablesPorts[];
  readonly byNft: readonly NftPorts[];
  readonly untold: readonly string[];
}

async function hostPorts({ server: { logger } }: Facts): Promise<HostPorts> {
  const untold: string[] = [];
  const told = async <T>(read: Promise<readonly T[]>): Promise<readonly T[]> => {
    try {
      return await read;
    } catch (error) {
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
      untold.push(error.message);
      return [];
    }
  };
  const [byNft, ...byIptables] = await Promise.all([
    told(readNftPorts(logger)),
    ...iptablesPrograms.map((program) => told(readIptablesPorts(program, logger))),
  ]);
  return { byIptables: byIptables.flat(), byNft, untold };
}

async function findStalePorts(facts: Facts, unsure: (why: string) => void): Promise<readonly Found[]> {
  const { config, lists } = facts.server;
  const { byIptables, byNft, untold } = await facts.get(hostPorts);
  untold.forEach(unsure);
  if (byIptables.length === 0 && byNft.length === 0) return [];

  const networks = readNetworks(config).networks.filter(({ name }) => name !== "podman");
  const holderOf = await facts.get(holdersOfNetworks);
  await facts.get(containersWithStates);
  const pods = lists.listSandboxes();
  const names = new Set(pods.map(({ kubeName, namespace }) => `${kubeName}_${namespace}`));
  const marks = new Map(pods.map(({ id }) => [nftCommentOf(id), id]));
  return [
    ...staleIptables(byIptables, { networks, holderOf, names }),
    ...staleNft(byNft, { networks, holderOf, marks }),
  ];
}

/** Whose rules can be judged. */
interface Known {
  readonly networks: readonly NetworkList[];
  readonly holderOf: (containerId: string) => NetworkHolder;
}

function staleIptables(
  all: readonly IptablesPorts[],
  { networks, holderOf, names }: Known & { readonly names: ReadonlySet<string> },
): Found[] {
  // With none of this store's among them, they may be those of another CRI-O.
  const isOwn = all.some(({ pod }) => pod !== undefined && names.has(pod));
  const whyOf = ({ container, pod }: IptablesPorts): string | undefined => {
    if (container === undefined)
      return pod === undefined || !isOwn || names.has(pod) ? undefined : `no pod is called ${pod}`;
    const isKnown = networks.some(({ name }) => name === container.network);
    return isKnown ? holderOf(container.id).leaked : undefined;
  };
  return all.flatMap((each): Found[] => {
    const { program, rules, chain, ports, container } = each;
    const why = whyOf(each);
    if (why === undefined) return [];
    return [
      staleFound({
        place: `${program} -t nat, chain ${chain}`,
        evidence: rules.map((rule) => ({ file: `${program}-save -t nat`, says: `-A ${rule}` })),
        id: container?.id,
        step: { do: "delete-iptables", program, rules, chain },
        ports,
        why,
      }),
    ];
  });
}

function staleNft(
  all: readonly NftPorts[],
  { networks, holderOf, marks }: Known & { readonly marks: ReadonlyMap<string, string> },
): Found[] {
  const isOwn = all.some(({ table, comment }) => table === "crio-hostports" && marks.has(comment));
  const whyOf = (each: NftPorts): string | undefined => {
    if (each.table === "cni_hostport")
      return isOfNetworks(each, networks) ? holderOf(each.comment).leaked : undefined;
    const id = marks.get(each.comment);
    if (id !== undefined) return holderOf(id).leaked;
    return isOwn ? "no pod has the id of its mark" : undefined;
  };
  return all.flatMap((each): Found[] => {
    const { family, table, comment, entries, ports, addresses } = each;
    const why = whyOf(each);
    if (why === undefined) return [];
    const source = `nft list table ${family} ${table}`;
    const leads = `${entries.length} entries with the comment ${comment} lead to ${addresses.join(", ")}`;
    return [
      staleFound({
        place: `nftables, table ${family} ${table}, comment ${comment}`,
        evidence: [{ file: source, says: leads }],
        id: comment,
        step: { do: "delete-nftables", family, table, comment, entries },
        ports,
        why,
      }),
    ];
  });
}

/** Whether portmap has made something for one of these networks: all others on the machine may use it as well. */
function isOfNetworks({ comment, addresses }: NftPorts, networks: readonly NetworkList[]): boolean {
  const cached = readCachedAttachments(comment);
  if (cached.length > 0)
    return cached.some(({ networkName }) => networks.some(({ name }) => name === networkName));
  const ranges = networks.flatMap((list) => localAddresses(list)?.sets.flat() ?? []);
  return addresses.some((text) => {
    const address = parseAddress(text);
    return address !== undefined && ranges.some((range) => isInRange(range, address));
  });
}

interface Stale {
  readonly place: string;
  readonly evidence: Found["evidence"];
  readonly id: string | undefined;
  readonly step: MendStep;
  readonly ports: readonly string[];
  readonly why: string;
}

function staleFound({ place, evidence, id, step, ports, why }: Stale): Found {
  const words = ports.length === 0 ? undefined : `port${ports.length === 1 ? "" : "s"} ${ports.join(", ")}`;
  return {
    severity: "breaks-now",
    object: { kind: "path", path: place, name: words, id: isStorageId(id) ? id : undefined },
    key: place,
    evidence: [...evidence, { file: "the records of the store", says: `tell that ${why}` }],
    consequence:
      words === undefined
        ? "what is sent to the address of the pod is rewritten, also where a new pod has it"
        : `what is sent to ${words} of the host goes to nobody, also where a new pod has it`,
    mend: mendBySteps("S", "delete what leads there", [step]),
  };
}
