import { errorMessage, KpodError } from "../errors";
import { askStatus, check, isNetworkNamespace } from "../network/attachment";
import { isLoopback, listCachedAttachments, readCachedAttachments } from "../network/cache";
import { isCniSince } from "../network/cni-version";
import { isConnecting } from "../network/intended";
import type { Lease } from "../network/leases";
import type { NetworkList, NetworkPlugin } from "../network/network-list";
import { chooseDefaultNetwork, readNetworks, type Networks } from "../network/networks";
import { findPlugin, missingPlugin, pluginVersions } from "../network/plugin";
import { localAddresses } from "../network/ranges";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { isRecord } from "../system/files";
import { leakedAttachments, leakedLeases, openNetworkHolders } from "./network-leaks";
import { leasesOf, rangeUse } from "./networks";
import { attachmentAsCached, hasPersistedAddress } from "./pod-network";
import { tolerantRead } from "./tolerant";

/** Something that is wrong with a network, or with a pod in it. */
export interface NetworkProblem {
  /** "" where it is none's alone. */
  readonly network: string;
  /** `NAMESPACE/POD`; "" where it is none's. */
  readonly pod: string;
  /** One clause, with the remedy behind a colon where there is one. */
  readonly problem: string;
}

/** What of the node is checked. */
interface Checked {
  /** True for all that there is. */
  readonly all: boolean;
  readonly networks: ReadonlySet<string>;
  readonly pods: readonly Sandbox[];
}

/**
 * Looks for what is wrong with networks: files that are no networks, plugins that are missing, too old or not ready
 * (STATUS), ranges without a free address, what is leaked, and pods that are not in their networks as they were set up
 * (CHECK). Nothing is changed.
 * @param names of networks and pods; none for all
 * @param tell is called with each problem as soon as it is found
 * @throws KpodError NOT_FOUND, AMBIGUOUS for a name of neither; NOT_PERMITTED, INTERRUPTED, IO
 */
export async function checkNetworks(
  server: ServerView,
  names: readonly string[],
  tell: (problem: NetworkProblem) => void,
  signal?: AbortSignal,
): Promise<void> {
  const all = readNetworks(server.config);
  // Whatever has a lease by then is recorded when the records are read.
  const leases = new Map<string, readonly Lease[]>();
  for (const network of all.networks) leases.set(network.name, await leasesOf(server, network));
  const cached = listCachedAttachments();
  const holderOf = await openNetworkHolders(server);
  const checked = select(server, all, cached, names);
  await server.runtime.updateStatuses(
    server.lists.listSandboxes().map(({ infraContainer }) => infraContainer),
  );

  await checkFiles(server, all, checked, tell);
  for (const network of all.networks.filter(({ name }) => checked.networks.has(name))) {
    await checkPlugins(all, network, tell, signal);
    const given = leases.get(network.name) ?? [];
    checkRanges(network, given, tell);
    for (const { path, why } of leakedLeases(network.name, given, holderOf))
      tell({ network: network.name, pod: "", problem: `the lease ${path} is leaked: ${why}` });
  }
  const isWanted = (name: string): boolean => checked.all || checked.networks.has(name);
  for (const { path, network, why } of leakedAttachments(isWanted, cached, holderOf))
    tell({ network, pod: "", problem: `${path} is left of an attachment: ${why}` });
  for (const sandbox of checked.pods) await checkPod(server, all, sandbox, checked, tell, signal);
}

type Tell = (problem: NetworkProblem) => void;

function select(
  { lists }: ServerView,
  all: Networks,
  cached: ReturnType<typeof listCachedAttachments>,
  names: readonly string[],
): Checked {
  const known = [...all.networks, ...all.passedOver].flatMap(({ name }) => name ?? []);
  if (names.length === 0) return { all: true, networks: new Set(known), pods: lists.listSandboxes() };
  const networks = new Set(names.filter((name) => known.includes(name)));
  const within = new Set(
    cached.filter(({ networkName }) => networks.has(networkName)).map(({ containerId }) => containerId),
  );
  const named = names.filter((name) => !networks.has(name)).map((name) => podOrNetwork(lists, known, name));
  const pods = new Set([...named, ...lists.listSandboxes().filter(({ id }) => within.has(id))]);
  return { all: false, networks, pods: [...pods] };
}

function podOrNetwork(lists: ServerView["lists"], known: readonly string[], name: string): Sandbox {
  try {
    return lists.lookupSandbox(name, "network check");
  } catch (error) {
    if (!(error instanceof KpodError) || error.code !== "NOT_FOUND") throw error;
    throw new KpodError("NOT_FOUND", `there is no network and no pod ${JSON.stringify(name)}`, {
      hint: known.length === 0 ? "no network is configured" : `the networks are ${known.join(", ")}`,
    });
  }
}

async function checkFiles(server: ServerView, all: Networks, checked: Checked, tell: Tell): Promise<void> {
  for (const { file, name = "", why, hint } of all.passedOver) {
    if (!checked.all && !checked.networks.has(name)) continue;
    const remedy = hint === undefined ? "" : `: ${hint}`;
    tell({ network: name, pod: "", problem: `${file} is no network: ${why}${remedy}` });
  }
  if (!checked.all) return;
  const { cniDefaultNetwork } = server.config;
  try {
    if ((await chooseDefaultNetwork(all, server.config)) !== undefined) return;
    tell({ network: "", pod: "", problem: `no CNI network is configured in ${all.directory}` });
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    // The files that are passed over were told.
    if (cniDefaultNetwork !== "")
      tell({
        network: cniDefaultNetwork,
        pod: "",
        problem: `cni_default_network cannot be had: ${error.message}`,
      });
  }
}

async function checkPlugins(
  { pluginDirs }: Networks,
  network: NetworkList,
  tell: Tell,
  signal: AbortSignal | undefined,
): Promise<void> {
  const problem = (text: string): void => {
    tell({ network: network.name, pod: "", problem: text });
  };
  const { cniVersion } = network;
  const all = network.plugins.flatMap((plugin) => [plugin, ...addressPlugin(plugin)]);
  for (const plugin of new Map(all.map((each) => [each.type, each])).values()) {
    if (findPlugin(plugin.type, pluginDirs) === undefined) {
      const { why, hint } = missingPlugin(plugin.type, pluginDirs);
      problem(`${why}: ${hint}`);
      continue;
    }
    await telling(problem, async () => {
      const versions = await pluginVersions({ plugin, network, pluginDirs, signal, cniVersion });
      if (versions.includes(cniVersion)) return;
      problem(
        `its plugin ${plugin.type} does not know CNI ${cniVersion}, but ${versions.join(", ") || "no version"}: install a newer one, or lower cniVersion in ${network.file}`,
      );
    });
  }
  if (!isCniSince(cniVersion, "1.1.0")) return;
  for (const plugin of network.plugins)
    if (findPlugin(plugin.type, pluginDirs) !== undefined)
      await telling(problem, () => askStatus({ pluginDirs, signal }, network, plugin));
}

/** The plugin that another one asks for addresses. */
function addressPlugin({ config }: NetworkPlugin): NetworkPlugin[] {
  const { ipam } = config;
  if (!isRecord(ipam)) return [];
  const { type } = ipam;
  return typeof type === "string" && /^[^/]+$/.test(type) ? [{ type, capabilities: [], config: ipam }] : [];
}

/** What fails is a problem, and keeps no other from being found. */
async function telling(problem: (text: string) => void, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    problem(errorMessage(error));
  }
}

function checkRanges(network: NetworkList, leases: readonly Lease[], tell: Tell): void {
  for (const set of localAddresses(network)?.sets ?? []) {
    const ranges = set.map((range) => rangeUse(range, leases));
    if (ranges.some(({ free }) => free > 0)) continue;
    const names = ranges.map(({ subnet }) => subnet).join(", ");
    const used = ranges.reduce((sum, range) => sum + range.used, 0);
    tell({ network: network.name, pod: "", problem: `no address of ${names} is left: ${used} are leased` });
  }
}

async function checkPod(
  server: ServerView,
  all: Networks,
  sandbox: Sandbox,
  checked: Checked,
  tell: Tell,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { id, kubeName, namespace } = sandbox;
  const pod = `${namespace}/${kubeName}`;
  const state = tolerantRead(server, "pod", sandbox.infraContainer)("NotReady", () => sandbox.state);
  if (state === "Creating" || sandbox.isNetworkStopped) return;
  const attachments = readCachedAttachments(id).filter((attachment) => !isLoopback(attachment));
  if (attachments.length === 0 && state === "Ready" && hasPersistedAddress(sandbox)) {
    const why = isConnecting(sandbox.infraContainer)
      ? "it has no network, for to set it up broke off"
      : "libcni's cache has nothing of its network";
    tell({ network: "", pod, problem: `${why}: kpod pod reload-network ${kubeName} sets it up anew` });
  }
  for (const attachment of attachments) {
    const { networkName: network, result } = attachment;
    if (!checked.all && checked.networks.size > 0 && !checked.networks.has(network)) continue;
    const problem = (text: string): void => {
      tell({ network, pod, problem: text });
    };
    if (state === "NotReady") {
      problem("it is not ready, and its addresses are still leased: kpod pod rm gives them back");
      continue;
    }
    await telling(problem, async () => {
      const place = attachmentAsCached(server, sandbox, attachment);
      if (isNetworkNamespace(place.netns)) await check({ pluginDirs: all.pluginDirs, signal }, place, result);
      else problem(`its network namespace ${place.netns} is gone: the pod must be made anew`);
    });
  }
}
