import { existsSync } from "node:fs";
import { readNetworks } from "../../network/networks";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { crioRuns } from "../forecast";
import type { Found } from "../finding";

export const check: Check = {
  id: "net.config",
  rank: 330,
  severity: "breaks-now",
  about: `There is no network that CRI-O could give to pods: "network plugin is not ready: cni config uninitialized". The files in
\`network_dir\` that are none are named, with what is wrong with each: they cannot be parsed, or a plugin is not in
\`plugin_dirs\`. An empty directory is told only while CRI-O runs: a node whose pods have no network needs none.`,
  quick: true,
  live: true,
  find: findLackOfNetworks,
};

async function findLackOfNetworks(facts: Facts): Promise<readonly Found[]> {
  const { config } = facts.server;
  const { networks, passedOver, directory, pluginDirs } = readNetworks(config);
  const wanted = config.cniDefaultNetwork;
  const isThere = wanted === "" ? networks.length > 0 : networks.some(({ name }) => name === wanted);
  if (isThere) return [];
  const isEmpty = networks.length === 0 && passedOver.length === 0;
  if (isEmpty && !(existsSync(directory) && (await facts.get(crioRuns)))) return [];
  return [
    {
      severity: "breaks-now",
      object: { kind: "path", path: directory },
      evidence: [
        ...(networks.length > 0 ? [{ file: directory, says: `has no network ${wanted}` }] : []),
        ...(passedOver.length === 0 && networks.length === 0
          ? [{ file: directory, says: "has no network" }]
          : []),
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
