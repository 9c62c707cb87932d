import { readNetworks } from "../../network/networks";
import { isStorageId } from "../../names/ids";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { containersWithStates } from "../facts/containers";
import { hostPortRules, type HostPortRule } from "../facts/host-port-rules";
import { holdersOfNetworks } from "../facts/network-holders";
import type { Found } from "../finding";

export const check: Check = {
  id: "net.hostport-stale",
  rank: 320,
  severity: "breaks-now",
  about: `A rule of the host leads a port to a pod that is gone: a new pod with the same port answers nothing. Looked at are the rules of
CNI's portmap that name a network of the configuration and a container that nobody has, and, while pods of this store have
ports of the host by CRI-O's own rules, those of them that name none of its pods. Rules of nftables, and such as name nobody,
are not judged. Offered are the commands that delete the rule and its chain.`,
  quick: false,
  live: true,
  find: findStaleRules,
};

async function findStaleRules(facts: Facts, unsure: (why: string) => void): Promise<readonly Found[]> {
  const rules = await hostPortRules(facts, unsure);
  if (rules.length === 0) return [];
  const networks = new Set(readNetworks(facts.server.config).networks.map(({ name }) => name));
  const holderOf = await facts.get(holdersOfNetworks);
  await facts.get(containersWithStates);
  const pods = new Set(
    facts.server.lists.listSandboxes().map(({ kubeName, namespace }) => `${kubeName}_${namespace}`),
  );
  // With none of this store's among them, they may be those of another CRI-O.
  const isOwn = rules.some(({ pod }) => pod !== undefined && pods.has(pod));
  return rules.flatMap((rule): Found[] => {
    const { container, pod } = rule;
    if (container !== undefined) {
      if (!networks.has(container.network) || container.network === "podman") return [];
      const why = holderOf(container.id).leaked;
      return why === undefined ? [] : [staleFound(rule, why)];
    }
    return pod === undefined || !isOwn || pods.has(pod) ? [] : [staleFound(rule, `no pod is called ${pod}`)];
  });
}

function staleFound({ program, rule, chain, port, container }: HostPortRule, why: string): Found {
  return {
    severity: "breaks-now",
    object: {
      kind: "path",
      path: `${program} -t nat, chain ${chain}`,
      name: `port ${port}`,
      id: isStorageId(container?.id) ? container.id : undefined,
    },
    key: `${program} ${chain}`,
    evidence: [
      { file: `${program}-save -t nat`, says: `-A ${rule}` },
      { file: "the records of the store", says: `tell that ${why}` },
    ],
    consequence: `what is sent to port ${port} of the host goes to nobody, also where a new pod has it`,
    mend: {
      class: "S",
      what: "delete the rule and its chain",
      commands: [
        `${program} -w -t nat -D ${rule}`,
        `${program} -w -t nat -F ${chain}`,
        `${program} -w -t nat -X ${chain}`,
      ],
    },
  };
}
