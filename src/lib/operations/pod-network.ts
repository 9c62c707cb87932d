import { annotations } from "../oci/annotations";
import { cniPluginDirs, isSince } from "../config";
import { hasKpodMark } from "../crio/kpod-mark";
import { errorMessage, KpodError, tolerate } from "../errors";
import { detach } from "../network/attachment";
import {
  isLoopback,
  namespaceOfGone,
  podArguments,
  readCachedAttachments,
  type Attachment,
  type CachedAttachment,
} from "../network/cache";
import { entryOf } from "../network/host-ports";
import { readIntended, removeIntended } from "../network/intended";
import { parseNetworkList, type NetworkList } from "../network/network-list";
import { defaultNetwork, networkNamed, readNetworks } from "../network/networks";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { removeIfThere } from "../system/files";
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
  const known = knownAttachments(sandbox);
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
  for (const { path } of readCachedAttachments(sandbox.id).filter(isLoopback)) removeIfThere(path);
  if (all.length > 0) persistNetworkStopped(server, sandbox);
}

/** The attachments of a pod to networks: those that are cached, and what a launch that was killed had only begun. */
export function knownAttachments({ id, infraContainer }: Sandbox): CachedAttachment[] {
  const cached = readCachedAttachments(id).filter((attachment) => !isLoopback(attachment));
  const intended = readIntended(infraContainer.dir).filter(
    ({ networkName, ifName }) =>
      !cached.some((entry) => entry.networkName === networkName && entry.ifName === ifName),
  );
  return [...cached, ...intended];
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
  server: NetworkServer,
  sandbox: Sandbox,
  cached: CachedAttachment,
  signal: AbortSignal | undefined,
): Promise<void> {
  const calls = { pluginDirs: cniPluginDirs(server.config), signal };
  await detach(calls, attachmentAsCached(server, sandbox, cached), cached.result);
}

/**
 * Takes what nobody has any more out of a network: DEL with the configuration that is cached.
 * @throws PluginError the first failure; KpodError BAD_CONFIG, NOT_FOUND for a network that nobody knows any more, INTERRUPTED
 */
export async function takeDownLeaked(
  { config }: Pick<NetworkServer, "config">,
  cached: CachedAttachment,
): Promise<void> {
  const { containerId, ifName, args, capabilityArgs, result } = cached;
  const netns = namespaceOfGone(cached);
  const network = cachedNetwork(cached.config) ?? networkNamed(readNetworks(config), cached.networkName);
  const attachment = { network, containerId, netns, ifName, args, capabilityArgs };
  await detach({ pluginDirs: cniPluginDirs(config) }, attachment, result);
}

/**
 * A pod's place in a network as it was set up; where no configuration is cached, as it would be today.
 * @throws KpodError BAD_CONFIG, NOT_FOUND for a network that nobody knows any more
 */
export function attachmentAsCached(
  { config }: Pick<NetworkServer, "config">,
  sandbox: Sandbox,
  { ifName, args, capabilityArgs, netns, networkName, config: text }: CachedAttachment,
): Attachment {
  return {
    network: cachedNetwork(text) ?? networkNamed(readNetworks(config), networkName),
    containerId: sandbox.id,
    netns: livingNamespace(sandbox, netns === "" ? netnsOf(sandbox) : netns),
    ...{ ifName, args, capabilityArgs },
  };
}

/** The network as it was when the pod joined it: it may have been changed since, or removed. */
export function cachedNetwork(text: string | undefined): NetworkList | undefined {
  if (text === undefined) return undefined;
  // A damaged cache tells the name of the network all the same.
  return tolerate(undefined, () => parseNetworkList("", text));
}

/** Up to CRI-O 1.13 nothing is cached: the pod is in the network that is the default. */
async function attachmentBeforeCache(server: NetworkServer, sandbox: Sandbox): Promise<CachedAttachment[]> {
  if (isCached(server, sandbox) || !hasPersistedAddress(sandbox)) return [];
  const attachment = await attachmentByDefault(server, sandbox);
  if (attachment !== undefined) return [attachment];
  server.logger.warn(
    `pod ${sandbox.kubeName} had an address of which no CNI configuration is left: it may stay leased`,
  );
  return [];
}

/** True where who made a pod has libcni cache what is set up. */
function isCached({ config: { crio } }: Pick<NetworkServer, "config">, { infraContainer }: Sandbox): boolean {
  if (crio?.known === true && isSince(crio.version, [1, 14, 0])) return true;
  return tolerate(false, () => hasKpodMark(infraContainer));
}

/** True for a pod that has got an address, whether anything is cached of it or not, and was not taken out since. */
export function hasPersistedAddress({ infraContainer, isNetworkStopped }: Sandbox): boolean {
  const { ip, cniResult } = annotations;
  if (isNetworkStopped) return false;
  return tolerate(false, () => [ip, cniResult].some((key) => infraContainer.annotation(key) !== ""));
}

/** A pod's place in the network that is the default today; undefined where there is none. */
export async function attachmentByDefault(
  server: Pick<NetworkServer, "config">,
  sandbox: Sandbox,
): Promise<CachedAttachment | undefined> {
  const network = await presentDefault(server);
  if (network === undefined) return undefined;
  const { id, kubeName, namespace, uid } = sandbox;
  const portMappings = tolerate([], () => sandbox.portMappings).map(entryOf);
  return {
    ...{ path: "", networkName: network.name, containerId: id, ifName: "eth0", config: network.text },
    netns: "",
    args: podArguments({ id, name: kubeName, namespace, uid }),
    capabilityArgs: portMappings.length === 0 ? {} : { portMappings },
    result: undefined,
  };
}

async function presentDefault({ config }: Pick<NetworkServer, "config">): Promise<NetworkList | undefined> {
  try {
    return await defaultNetwork(readNetworks(config), config);
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    return undefined;
  }
}

/**
 * A network namespace of a pod; "" for one that is named by the pid of a process which does not run any more: somebody else may
 * have that by now, the node itself among them, and would lose devices.
 */
function livingNamespace({ infraContainer: { state } }: Sandbox, path: string): string {
  const [, pid] = /^\/proc\/(\d+)\//.exec(path) ?? [];
  if (pid === undefined) return path;
  const lives = state?.status === "running" || state?.status === "paused" || state?.status === "created";
  return lives && state.pid === Number(pid) ? path : "";
}

function netnsOf(sandbox: Sandbox): string {
  return tolerate("", () => sandbox.namespacePath("network"));
}
