import { existsSync } from "node:fs";
import { isLoopback, listCachedAttachments } from "../../network/cache";
import type { NetworkList } from "../../network/network-list";
import { readNetworks } from "../../network/networks";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { containersWithStates } from "../facts/containers";
import { brokenPlugins } from "../facts/plugins";
import { crioRuns } from "../forecast";
import type { Found } from "../finding";
import { quoted } from "../quoted";

export const check: Check = {
  id: "net.config",
  rank: 330,
  severity: "breaks-now",
  about: `There is no network that CRI-O could give to pods: "network plugin is not ready: cni config uninitialized". The files in
\`network_dir\` that are none are named, with what is wrong with each: they cannot be parsed, or a plugin is not in
\`plugin_dirs\`. An empty directory is told only while CRI-O runs: a node whose pods have no network needs none. Of the network
that CRI-O takes it is looked whether each plugin, and the one that gives addresses, is a program of this machine, and whether
the daemon of multus or OVN takes connections. That new pods get another network than all those that are there, as a
stray file comes before that of theirs, is told for information.`,
  quick: true,
  live: true,
  find: findNetworkTrouble,
};

async function findNetworkTrouble(facts: Facts): Promise<readonly Found[]> {
  const { config } = facts.server;
  const { networks, passedOver, directory, pluginDirs } = readNetworks(config);
  const wanted = config.cniDefaultNetwork;
  const taken = wanted === "" ? networks[0] : networks.find(({ name }) => name === wanted);
  if (taken !== undefined)
    return [...(await brokenNetwork(taken, pluginDirs)), ...(await strayNetwork(facts, taken, networks))];
  const isEmpty = networks.length === 0 && passedOver.length === 0;
  if (isEmpty && !(existsSync(directory) && (await facts.get(crioRuns)))) return [];
  return [
    {
      severity: "breaks-now",
      object: { kind: "path", path: directory },
      evidence: [
        ...(networks.length > 0 ? [{ file: directory, says: `has no network ${wanted}` }] : []),
        ...(isEmpty ? [{ file: directory, says: "has no network" }] : []),
        ...passedOver.map(({ file, why }) => ({ file, says: why })),
      ],
      consequence: "no pod gets a network, and the kubelet calls the node NotReady",
      mend: {
        class: "N",
        what: `put a network there whose plugins are in ${pluginDirs.join(" or ")}`,
        commands: [],
      },
    },
  ];
}

/** The network that CRI-O takes, where it cannot be set up for anybody. */
async function brokenNetwork(taken: NetworkList, pluginDirs: readonly string[]): Promise<Found[]> {
  const evidence = await brokenPlugins(taken, pluginDirs);
  if (evidence.length === 0) return [];
  return [
    {
      severity: "breaks-now",
      object: { kind: "path", path: taken.file, name: taken.name },
      key: "plugins",
      evidence: [...evidence, { file: taken.file, says: `is the network ${taken.name}, which CRI-O takes` }],
      consequence: "no new pod gets a network, and those that are there cannot be taken out of it",
      mend: {
        class: "N",
        what: "install the plugins of the network for this machine, or start the daemon that they call",
        commands: [],
      },
    },
  ];
}

/** A network that comes before the one in which all pods are. */
async function strayNetwork(
  facts: Facts,
  taken: NetworkList,
  networks: readonly NetworkList[],
): Promise<Found[]> {
  if (networks.length < 2 || facts.server.config.cniDefaultNetwork !== "") return [];
  const ids = new Set((await facts.get(containersWithStates)).map(({ id }) => id));
  const own = listCachedAttachments().filter((each) => ids.has(each.containerId) && !isLoopback(each));
  const used = networks.filter(({ name }) => own.some(({ networkName }) => networkName === name));
  const [first] = used;
  if (first === undefined || used.includes(taken)) return [];
  return [
    {
      severity: "informs",
      object: { kind: "path", path: taken.file, name: taken.name },
      key: "stray",
      evidence: [
        { file: taken.file, says: `comes first, and is the network ${taken.name}, in which no pod is` },
        ...used.map(({ file, name }) => ({
          file,
          says: `is the network ${name} of ${own.filter(({ networkName }) => networkName === name).length} pods`,
        })),
      ],
      consequence: "new pods get another network than those that are there",
      mend: {
        class: "N",
        what: "move the file away if nobody means it, or name the network in cni_default_network",
        commands: [`mv ${quoted(taken.file)} ${quoted(`${taken.file}.off`)}`],
      },
    },
  ];
}
