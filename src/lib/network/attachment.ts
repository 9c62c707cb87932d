import { statfsSync } from "node:fs";
import { KpodError, ifThere } from "../errors";
import { monotonicNow } from "../system/clock";
import { removeCachedAttachment, writeCachedAttachment, type Attachment } from "./cache";
import { isCniSince } from "./cni-version";
import type { NetworkList, NetworkPlugin } from "./network-list";
import { callPlugin, PluginError, who, type PluginCall, type PluginCommand } from "./plugin";
import { addressesOfResult, readResult, type CniResult } from "./result";

/** How the plugins are called. */
export interface PluginCalls {
  readonly pluginDirs: readonly string[];
  /** Default: libcni's. */
  readonly cacheDirectory?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that all plugins of a network together may take; by default as CRI-O gives them. */
  readonly timeoutMs?: number | undefined;
}

/** CRI-O gives the set-up of a pod's networks five minutes, and their removal one. */
const addTimeLimit = 5 * 60_000;
const delTimeLimit = 60_000;

/** Milliseconds that a plugin has for DEL though those before it have used up the time: a lease is to be given back. */
const leastForDel = 5_000;

/**
 * Attaches a container to a network: ADD of each plugin in order, then the cache is written. What a failure leaves half
 * made is taken down by `detach`.
 * @returns what the last plugin says is there
 * @throws PluginError with the plugin's own message; KpodError INTERRUPTED, IO
 */
export async function attach(calls: PluginCalls, attachment: Attachment): Promise<CniResult> {
  const { network } = attachment;
  const deadline = monotonicNow() + (calls.timeoutMs ?? addTimeLimit);
  let result: CniResult | undefined;
  for (const plugin of network.plugins) {
    const call = callOf(calls, attachment, "ADD", plugin, result, deadline - monotonicNow());
    const read = readResult(await callPlugin(call), network.cniVersion);
    if (typeof read === "string") throw new PluginError(`${who(call)} ${read}`, undefined);
    result = read;
  }
  // A list has one plugin at least.
  if (result === undefined) throw new KpodError("BAD_CONFIG", `network ${network.name} has no plugins`);
  writeCachedAttachment(attachment, result, calls.cacheDirectory);
  return result;
}

/**
 * Takes a container out of a network: DEL of each plugin from the last to the first, then its entry in the cache is removed. One that
 * fails keeps the others from nothing, and the cache is left, by which CRI-O's garbage collection tries again.
 * @param previous what ADD gave, as the cache has it
 * @throws PluginError the first failure; KpodError INTERRUPTED
 */
export async function detach(
  calls: PluginCalls,
  attachment: Attachment,
  previous: CniResult | undefined,
): Promise<void> {
  const deadline = monotonicNow() + (calls.timeoutMs ?? delTimeLimit);
  const failures: PluginError[] = [];
  for (const plugin of [...attachment.network.plugins].reverse()) {
    const left = Math.max(deadline - monotonicNow(), Math.min(leastForDel, calls.timeoutMs ?? leastForDel));
    const call = callOf(calls, attachment, "DEL", plugin, previous, left);
    try {
      await callPlugin(call);
    } catch (error) {
      if (!(error instanceof PluginError)) throw error;
      failures.push(error);
    }
  }
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  removeCachedAttachment(attachment, calls.cacheDirectory);
}

/**
 * Has the plugins of a network look whether an attachment is as it was set up (CHECK, since CNI 0.4).
 * @returns false where the network's version has no CHECK, or its configuration forbids it
 * @throws PluginError the first that is not content; KpodError INTERRUPTED
 */
export async function check(
  calls: PluginCalls,
  attachment: Attachment,
  previous: CniResult | undefined,
): Promise<boolean> {
  const { network } = attachment;
  if (network.disableCheck || !isCniSince(network.cniVersion, "0.4.0") || previous === undefined)
    return false;
  const deadline = monotonicNow() + (calls.timeoutMs ?? delTimeLimit);
  for (const plugin of network.plugins) {
    try {
      await callPlugin(callOf(calls, attachment, "CHECK", plugin, previous, deadline - monotonicNow()));
    } catch (error) {
      if (!(error instanceof PluginError) || !isFalseAlarm(plugin, error, previous)) throw error;
    }
  }
  return true;
}

/**
 * True for what older versions of portmap say of every container with published ports: they look for the rules of its addresses
 * of IPv4 among those of IPv6, too, and the other way round.
 */
function isFalseAlarm({ type }: NetworkPlugin, { message }: PluginError, result: CniResult): boolean {
  const family = /could not check ipv([46]) dnat/.exec(message)?.[1];
  if (type !== "portmap" || family === undefined) return false;
  const hasIpv4 = addressesOfResult(result).some((address) => !address.includes(":"));
  return family === "6" ? hasIpv4 : !hasIpv4;
}

/** Milliseconds that a plugin may take to say whether it can be used. */
const statusTimeLimit = 10_000;

/**
 * Asks a plugin of a network whether a container could be attached now (STATUS, since CNI 1.1).
 * @throws PluginError with what it says is wrong; KpodError INTERRUPTED
 */
export async function askStatus(
  calls: PluginCalls,
  network: NetworkList,
  plugin: NetworkPlugin,
): Promise<void> {
  await callPlugin({
    command: "STATUS",
    plugin,
    network,
    pluginDirs: calls.pluginDirs,
    signal: calls.signal,
    timeoutMs: calls.timeoutMs ?? statusTimeLimit,
    input: { ...configFor(plugin), name: network.name, cniVersion: network.cniVersion },
  });
}

function configFor({ config }: NetworkPlugin): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== "capabilities"));
}

/** What a plugin is called with for an attachment: see "Deriving request configuration from plugin configuration". */
function callOf(
  calls: PluginCalls,
  attachment: Attachment,
  command: PluginCommand,
  plugin: NetworkPlugin,
  previous: CniResult | undefined,
  timeoutMs: number,
): PluginCall {
  const { network, containerId, netns, ifName, args, capabilityArgs } = attachment;
  const { cniVersion, name } = network;
  const wanted = Object.entries(capabilityArgs).filter(([key]) => plugin.capabilities.includes(key));
  // Before 0.4 a plugin got the result of those before it for ADD alone.
  const tells = previous !== undefined && (command === "ADD" || isCniSince(cniVersion, "0.4.0"));
  return {
    command,
    plugin,
    network,
    pluginDirs: calls.pluginDirs,
    signal: calls.signal,
    timeoutMs,
    variables: {
      CNI_CONTAINERID: containerId,
      CNI_NETNS: command === "DEL" && !isNetworkNamespace(netns) ? "" : netns,
      CNI_IFNAME: ifName,
      CNI_ARGS: args.map(([key, value]) => `${key}=${value}`).join(";"),
    },
    input: {
      ...configFor(plugin),
      name,
      cniVersion,
      ...(tells ? { prevResult: previous } : {}),
      ...(wanted.length === 0 ? {} : { runtimeConfig: Object.fromEntries(wanted) }),
    },
  };
}

const NSFS_MAGIC = 0x6e736673;
const PROC_SUPER_MAGIC = 0x9fa0;

/** True where a namespace is pinned at a path. A file from which it was unmounted makes plugins fail. */
export function isNetworkNamespace(path: string): boolean {
  if (path === "") return false;
  return ifThere(() => [NSFS_MAGIC, PROC_SUPER_MAGIC].includes(statfsSync(path).type), "ESRCH") ?? false;
}
