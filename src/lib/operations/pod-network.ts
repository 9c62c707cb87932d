import { annotations } from "../oci/annotations";
import { cniPluginDirs, isSince } from "../config";
import { hasKpodMark } from "../crio/kpod-mark";
import { errorMessage, KpodError, tolerate } from "../errors";
import { detach } from "../network/attachment";
import { podArguments, readCachedAttachments, type CachedAttachment } from "../network/cache";
import { readIntended, removeIntended } from "../network/intended";
import { parseNetworkList, type NetworkList } from "../network/network-list";
import { defaultNetwork, networkNamed, readNetworks } from "../network/networks";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { persistNetworkStopped } from "./persist-state";

/** What taking down a network uses. */
type NetworkServer = Pick<ServerView, "config" | "logger">;

/**
 * Takes a pod out of its networks, whoever made it: DEL with the configuration that libcni's cache keeps of each, also for
 * what a launch that was killed had only begun. Then it is persisted that the network is stopped. Without an attachment,
 * nothing is done.
 * @throws PluginError the first failure, when all has been tried; KpodError BAD_CONFIG, NOT_FOUND for an attachment whose
 * network nobody knows any more, INTERRUPTED
 */
export async function takeDownNetwork(
  server: NetworkServer,
  sandbox: Sandbox,
  signal?: AbortSignal,
): Promise<void> {
  const { infraContainer } = sandbox;
  const cached = readCachedAttachments(sandbox.id);
  const intended = readIntended(infraContainer.dir).filter(
    ({ networkName, ifName }) =>
      !cached.some((entry) => entry.networkName === networkName && entry.ifName === ifName),
  );
  const known = [...cached, ...intended];
  const all = known.length > 0 ? known : await attachmentBeforeCache(server, sandbox);
  const failures: unknown[] = [];
  for (const attachment of [...all].reverse()) {
    try {
      await takeDown(server, sandbox, attachment, signal);
    } catch (error) {
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  removeIntended(infraContainer.dir);
  if (all.length > 0) persistNetworkStopped(server, sandbox);
}

/** The same for a pod that goes whatever happens: a failure is a warning. */
export async function tryToTakeDownNetwork(server: NetworkServer, sandbox: Sandbox): Promise<void> {
  try {
    await takeDownNetwork(server, sandbox);
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    server.logger.warn(`the network of pod ${sandbox.kubeName} is not taken down: ${errorMessage(error)}`);
  }
}

async function takeDown(
  { config }: NetworkServer,
  sandbox: Sandbox,
  { ifName, args, capabilityArgs, netns, result, networkName, config: text }: CachedAttachment,
  signal: AbortSignal | undefined,
): Promise<void> {
  const network = cachedNetwork(text) ?? networkNamed(readNetworks(config), networkName);
  const attachment = {
    network,
    containerId: sandbox.id,
    netns: netns === "" ? netnsOf(sandbox) : netns,
    ...{ ifName, args, capabilityArgs },
  };
  await detach({ pluginDirs: cniPluginDirs(config), signal }, attachment, result);
}

/** The network as it was when the pod joined it: it may have been changed since, or removed. */
function cachedNetwork(text: string | undefined): NetworkList | undefined {
  if (text === undefined) return undefined;
  // A damaged cache tells the name of the network all the same.
  return tolerate(undefined, () => parseNetworkList("", text));
}

/** Up to CRI-O 1.13 nothing is cached: the pod is in the network that is the default. */
async function attachmentBeforeCache(server: NetworkServer, sandbox: Sandbox): Promise<CachedAttachment[]> {
  const { crio } = server.config;
  const caches = crio?.known === true && isSince(crio.version, [1, 14, 0]);
  if (caches || sandbox.isNetworkStopped || !hasAddressOfCrio(sandbox)) return [];
  const network = await presentDefault(server);
  if (network === undefined) {
    server.logger.warn(
      `pod ${sandbox.kubeName} had an address of which no CNI configuration is left: it may stay leased`,
    );
    return [];
  }
  const { id, kubeName, namespace, uid } = sandbox;
  return [
    {
      ...{ path: "", networkName: network.name, containerId: id, ifName: "eth0", config: network.text },
      netns: "",
      args: podArguments({ id, name: kubeName, namespace, uid }),
      capabilityArgs: {},
      result: undefined,
    },
  ];
}

async function presentDefault({ config }: NetworkServer): Promise<NetworkList | undefined> {
  try {
    return await defaultNetwork(readNetworks(config), config);
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    return undefined;
  }
}

function hasAddressOfCrio({ infraContainer }: Sandbox): boolean {
  const { ip, cniResult } = annotations;
  // Its spec is lost, or was not written yet.
  return tolerate(false, () => {
    if (hasKpodMark(infraContainer)) return false;
    return [ip, cniResult].some((key) => infraContainer.annotation(key) !== "");
  });
}

function netnsOf(sandbox: Sandbox): string {
  return tolerate("", () => sandbox.namespacePath("network"));
}
