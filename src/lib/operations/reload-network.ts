import { cniPluginDirs } from "../config";
import { KpodError } from "../errors";
import { notFoundError } from "../names/lookup";
import { isSameAddress, parseAddress } from "../network/address";
import { attach, detach, isNetworkNamespace, type PluginCalls } from "../network/attachment";
import type { Attachment, CachedAttachment } from "../network/cache";
import { removeIntended, writeIntended } from "../network/intended";
import { networkNamed, readNetworks } from "../network/networks";
import { isInRange, localAddresses } from "../network/ranges";
import { addressesOfResult, viewOfResult, type CniResult } from "../network/result";
import { PluginError } from "../network/plugin";
import { persistedAddresses } from "../sandbox/addresses";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerParts } from "../server-parts";
import { lockFileAtOnce } from "../system/file-lock";
import { persistNetwork, replaceHosts } from "./persist-network";
import {
  attachmentAsCached,
  attachmentByDefault,
  hasPersistedAddress,
  knownAttachments,
  takeDownNetwork,
} from "./pod-network";

/** What setting up a pod's network anew has changed. */
export interface ReloadedNetwork {
  /** The addresses before, of all its networks in order. */
  readonly before: readonly string[];
  readonly now: readonly string[];
  /** False where it has the same as before. */
  readonly moved: boolean;
}

/** A place in a network as it was set up, and as it will be. */
interface Place {
  readonly old: CachedAttachment;
  readonly next: Attachment;
  /** With the addresses that it had, where the network can still give them. */
  readonly wish: Attachment | undefined;
}

/**
 * Takes a pod that runs out of its networks and puts it into them again, as they are configured today, in the same network
 * namespace (DEL and ADD): for a node whose CNI was mended. It keeps its addresses where the networks can still give them.
 * What fails on the way to it is a warning; where the networks cannot be set up again, the pod has none, and a second
 * call takes it up.
 *
 * No lock of the store is held. The pod's own directory is locked, against another call of this at the same time, and
 * plugins have locks of their own.
 * @throws KpodError BAD_STATE for a pod that is not ready, or is stopped meanwhile; BAD_ARGUMENT for one that has no
 * network of its own; CONFLICT while another call is at it; NOT_FOUND, BAD_CONFIG for a network that is not there any more,
 * before anything is changed; PluginError; INTERRUPTED
 */
export async function reloadPodNetwork(
  server: ServerParts,
  sandbox: Sandbox,
  signal?: AbortSignal,
): Promise<ReloadedNetwork> {
  server.requireNode();
  const { infraContainer, kubeName } = sandbox;
  await server.runtime.updateStatuses([infraContainer]);
  if (sandbox.hostNetwork) throw bad(`pod ${kubeName} is on the node's network`);
  const { state } = sandbox;
  if (state !== "Ready") {
    throw new KpodError(
      "BAD_STATE",
      `the network of pod ${kubeName} cannot be reloaded: the pod is ${words[state]}`,
    );
  }
  const release = lockFileAtOnce(infraContainer.dir, "write");
  if (release === "absent") throw notFoundError("pod", sandbox.id, "it was removed just now");
  if (release === undefined) {
    throw new KpodError("CONFLICT", `the network of pod ${kubeName} is just being reloaded`, {
      hint: "wait for the other call",
    });
  }
  try {
    return await reload(server, sandbox, await placesOf(server, sandbox), signal);
  } finally {
    release();
  }
}

const words = { NotReady: "not ready", Creating: "just being made" } as const;

function bad(message: string): KpodError {
  return new KpodError("BAD_ARGUMENT", message);
}

/** Where a pod is, and where it is to be. @throws KpodError before anything is changed */
async function placesOf(server: ServerParts, sandbox: Sandbox): Promise<Place[]> {
  const { kubeName } = sandbox;
  const known = knownAttachments(sandbox);
  // A node may have lost the cache with its configuration.
  const lost =
    known.length === 0 && hasPersistedAddress(sandbox)
      ? await attachmentByDefault(server, sandbox)
      : undefined;
  const all = lost === undefined ? known : [lost];
  if (all.length === 0) throw bad(`pod ${kubeName} is in no network`);
  const networks = readNetworks(server.config);
  const persisted = persistedAddresses(sandbox.infraContainer.specAnnotations);
  const places = all.map((old): Place => {
    const network = networkNamed(networks, old.networkName);
    const next = withoutWish({ ...attachmentAsCached(server, sandbox, old), network });
    const given = old.result === undefined ? persisted : addressesOfResult(old.result);
    return { old, next, wish: withWish(next, given, hardwareAddress(old)) };
  });
  const gone = places.find(({ next }) => !isNetworkNamespace(next.netns));
  if (gone !== undefined) {
    throw new KpodError("BAD_STATE", `the network namespace of pod ${kubeName} is gone: ${gone.next.netns}`, {
      hint: "remove the pod and launch it anew",
    });
  }
  return places;
}

/** Asks for no address where host-local gives them: who asked for one before, asked for one that it had. */
function withoutWish(attachment: Attachment): Attachment {
  if (localAddresses(attachment.network) === undefined) return attachment;
  const capabilityArgs = Object.fromEntries(
    Object.entries(attachment.capabilityArgs).filter(([key]) => key !== "ips"),
  );
  return { ...attachment, args: attachment.args.filter(([key]) => key !== "IP"), capabilityArgs };
}

/** The hardware address that the interface of a pod had; "" where nobody knows it. */
function hardwareAddress({ ifName, result = { cniVersion: "0.1.0" } }: CachedAttachment): string {
  const { interfaces } = viewOfResult(result);
  return interfaces.find(({ name, sandbox }) => name === ifName && sandbox !== "")?.mac ?? "";
}

/**
 * Asks for the addresses that a pod had, where host-local has ranges with them. It takes them, whatever its network declares,
 * as arguments in its configuration: see the conventions of CNI. The hardware address goes with them, for its neighbours
 * know the one by the other, and for a while talk to nobody else.
 */
function withWish(attachment: Attachment, had: readonly string[], mac: string): Attachment | undefined {
  const { network } = attachment;
  const ranges = localAddresses(network)?.sets.flat() ?? [];
  const ips = had.filter((text) => {
    const address = parseAddress(text);
    return address !== undefined && ranges.some((range) => isInRange(range, address));
  });
  if (ips.length === 0) return undefined;
  const plugins = network.plugins.map((plugin) => ({
    ...plugin,
    config: { ...plugin.config, args: { cni: { ips, ...(mac === "" ? {} : { mac }) } } },
  }));
  return { ...attachment, network: { ...network, plugins } };
}

async function reload(
  server: ServerParts,
  sandbox: Sandbox,
  places: readonly Place[],
  signal: AbortSignal | undefined,
): Promise<ReloadedNetwork> {
  const { infraContainer, kubeName } = sandbox;
  const calls = { pluginDirs: cniPluginDirs(server.config), signal };
  const cached = places.flatMap(({ old }) => addressesOfResult(old.result ?? {}));
  const before = cached.length > 0 ? cached : persistedAddresses(infraContainer.specAnnotations);
  // Whatever happens from here on, this says what there is to take down, and what to set up.
  writeIntended(
    infraContainer.dir,
    places.map(({ next }) => next),
  );
  for (const place of [...places].reverse()) await takeOut(server, sandbox, calls, place);
  const results = await putIn(server, sandbox, calls, places);
  removeIntended(infraContainer.dir);
  if (sandbox.isMarkedStopped) {
    await takeDownNetwork(server, sandbox);
    throw new KpodError("BAD_STATE", `pod ${kubeName} was stopped meanwhile`);
  }
  persistNetwork(server, sandbox, results);
  const now = results.flatMap(addressesOfResult);
  const isSame = (address: string, at: number): boolean => isSameAddress(address, before[at] ?? "");
  const moved = before.length !== now.length || !now.every(isSame);
  if (moved) replaceHosts(infraContainer, before, now);
  return { before, now, moved };
}

/** By what is cached; where its plugins fail, by what is configured today: they may be those that were mended. */
async function takeOut(
  server: ServerParts,
  sandbox: Sandbox,
  calls: PluginCalls,
  { old, next }: Place,
): Promise<void> {
  try {
    await detach(calls, attachmentAsCached(server, sandbox, old), old.result);
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    // What was only begun may be there or not.
    const tell = old.result === undefined ? "debug" : "warn";
    server.logger[tell](`pod ${sandbox.kubeName}: ${error.message}`);
    await undo(server, sandbox, calls, next, old.result);
  }
}

async function putIn(
  server: ServerParts,
  sandbox: Sandbox,
  calls: PluginCalls,
  places: readonly Place[],
): Promise<CniResult[]> {
  const results: CniResult[] = [];
  try {
    for (const { next, wish } of places)
      results.push((wish && (await tryWish(server, sandbox, calls, wish))) ?? (await attach(calls, next)));
    return results;
  } catch (error) {
    // The one that failed may be set up in part.
    const begun = places.slice(0, results.length + 1);
    for (const [at, { next }] of [...begun.entries()].reverse())
      await undo(server, sandbox, calls, next, results[at]);
    if (!(error instanceof KpodError)) throw error;
    if (error.code === "INTERRUPTED") {
      // Of which nothing else is said.
      server.logger.warn(`pod ${sandbox.kubeName} has no network now: reload it again`);
      throw error;
    }
    throw new KpodError(error.code, `pod ${sandbox.kubeName} has no network now: ${error.message}`, {
      hint: error.hint ?? "mend it, and reload the network again",
      cause: error,
    });
  }
}

/** Attaches a pod with the addresses that it had; undefined where it does not get them: another pod may have them by now. */
async function tryWish(
  server: ServerParts,
  sandbox: Sandbox,
  calls: PluginCalls,
  wish: Attachment,
): Promise<CniResult | undefined> {
  try {
    return await attach(calls, wish);
  } catch (error) {
    // One that said nothing would not say more if it was asked again.
    if (!(error instanceof PluginError) || error.cniCode === undefined) throw error;
    await undo(server, sandbox, calls, wish, undefined);
    return undefined;
  }
}

/** Also for who was interrupted. What is left all the same stays intended: the next call, or the pod's removal, tries again. */
async function undo(
  { logger }: ServerParts,
  { kubeName }: Sandbox,
  { pluginDirs }: PluginCalls,
  attachment: Attachment,
  result: CniResult | undefined,
): Promise<void> {
  try {
    await detach({ pluginDirs }, attachment, result);
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    logger.debug(`pod ${kubeName}: ${error.message}`);
  }
}

/** True for a pod whose network can be reloaded: one that is ready, and in a network of its own. */
export function hasNetworkToReload(sandbox: Sandbox): boolean {
  if (sandbox.hostNetwork || sandbox.state !== "Ready") return false;
  return knownAttachments(sandbox).length > 0 || hasPersistedAddress(sandbox);
}
