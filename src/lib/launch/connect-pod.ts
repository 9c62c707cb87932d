import { KpodError, tolerate } from "../errors";
import { isSameAddress } from "../network/address";
import { attach, detach, type PluginCalls } from "../network/attachment";
import { podArguments, type Attachment } from "../network/cache";
import { entryOf, portsClash, portText, type PortEntry } from "../network/host-ports";
import { readIntended, removeIntended, writeIntended } from "../network/intended";
import { addressesOfResult, viewOfResult, type CniResult } from "../network/result";
import type { PortMapping, Sandbox } from "../sandbox/sandbox";
import type { LaunchParts } from "../server-parts";
import type { PodPlan } from "./annotations";
import { mapsPorts, portEntries } from "./plan-network";
import type { Rollback } from "./rollback";

/**
 * Persists what a pod that was just recorded is about to get, so that it can be taken down whatever happens, and that its
 * ports are taken. To be called while nobody else records a pod.
 * @param dir its directory that lives through a reboot
 * @param netns where its network namespace will be
 * @throws KpodError CONFLICT when another pod has a port
 */
export function reserveNetwork(
  { lists }: Pick<LaunchParts, "lists">,
  plan: PodPlan,
  dir: string,
  netns: string,
): void {
  const { network } = plan;
  if (network.networks.length === 0) return;
  for (const entry of portEntries(network)) {
    const other = lists
      .listSandboxes()
      .find((sandbox) => portsOf(sandbox).some((port) => portsClash(port, entry)));
    if (other === undefined) continue;
    throw new KpodError("CONFLICT", `port ${portText(entry)} of the host is taken by pod ${other.kubeName}`, {
      hint: "publish another port, or stop that pod",
    });
  }
  writeIntended(dir, attachmentsOf(plan, netns));
}

/** The ports that lead to a pod, also to one that is just being made. */
function portsOf(sandbox: Sandbox): PortEntry[] {
  if (sandbox.isNetworkStopped) return [];
  const intended = readIntended(sandbox.infraContainer.dir).flatMap(({ capabilityArgs: { portMappings } }) =>
    Array.isArray(portMappings) ? (portMappings as PortEntry[]) : [],
  );
  return intended.length > 0 ? intended : mappingsOf(sandbox).map(entryOf);
}

function mappingsOf(sandbox: Sandbox): PortMapping[] {
  // One whose spec is lost cannot be asked.
  return tolerate([], () => (sandbox.hostNetwork ? [] : sandbox.portMappings));
}

/** The networks of a pod that is being made, as libcni is told of them by CRI-O. */
function attachmentsOf(plan: PodPlan, netns: string): Attachment[] {
  const { id, network, cgroupParent, annotations } = plan;
  const { networks, portMappings, ips, mac, bandwidth } = network;
  const publishing = networks.find(mapsPorts);
  return networks.map((list, at) => {
    const knows = (capability: string): boolean =>
      list.plugins.some(({ capabilities }) => capabilities.includes(capability));
    const args = podArguments(plan);
    // The one address of the older way; several take the capability.
    if (ips.length > 0 && !knows("ips")) args.push(["IP", ips[0] ?? ""]);
    if (mac !== "" && !knows("mac")) args.push(["MAC", mac]);
    const { dns } = plan.files;
    const asksDns = dns.servers.length + dns.searches.length + dns.options.length > 0;
    const capabilityArgs = {
      ...(list === publishing && portMappings.length > 0 ? { portMappings: portMappings.map(entryOf) } : {}),
      ...(bandwidth === undefined ? {} : { bandwidth }),
      ...(ips.length > 0 && knows("ips") ? { ips } : {}),
      ...(mac !== "" && knows("mac") ? { mac } : {}),
      ...(asksDns && knows("dns") ? { dns } : {}),
      ...(cgroupParent === "" ? {} : { cgroupPath: cgroupParent }),
      ...(Object.keys(annotations).length === 0 ? {} : { "io.kubernetes.cri.pod-annotations": annotations }),
    };
    return { network: list, containerId: id, netns, ifName: `eth${at}`, args, capabilityArgs };
  });
}

/**
 * Connects a pod that is being made: its networks in order. What a failure leaves is taken down by the rollback.
 * @param netns its network namespace
 * @returns what the plugins say is there, a result a network
 * @throws PluginError, KpodError CONFLICT when the pod does not get the address that it was to have, INTERRUPTED, IO
 */
export async function connectPod(
  server: Pick<LaunchParts, "signal">,
  rollback: Rollback,
  plan: PodPlan,
  { dir, netns }: { readonly dir: string; readonly netns: string },
): Promise<CniResult[]> {
  const { pluginDirs, ips, mac } = plan.network;
  const results: CniResult[] = [];
  const begun: { attachment: Attachment; result?: CniResult }[] = [];
  rollback.add(`take down the network of pod ${plan.name}`, () => disconnect({ pluginDirs }, begun, dir));
  for (const attachment of attachmentsOf(plan, netns)) {
    const entry: (typeof begun)[number] = { attachment };
    begun.push(entry);
    entry.result = await attach({ pluginDirs, signal: server.signal }, attachment);
    results.push(entry.result);
    refuseOtherAddress(attachment, entry.result, ips, mac);
  }
  removeIntended(dir);
  return results;
}

/** All of them, also where one fails. */
async function disconnect(
  calls: PluginCalls,
  begun: readonly { attachment: Attachment; result?: CniResult }[],
  dir: string,
): Promise<void> {
  const failures: unknown[] = [];
  for (const { attachment, result } of [...begun].reverse()) {
    await detach(calls, attachment, result).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
  removeIntended(dir);
}

/** A plugin that knows nothing of such wishes passes over them. */
function refuseOtherAddress(
  { network }: Attachment,
  result: CniResult,
  ips: readonly string[],
  mac: string,
): void {
  const given = addressesOfResult(result);
  const missing = ips.find((ip) => !given.some((address) => isSameAddress(address, ip)));
  const macs = viewOfResult(result)
    .interfaces.filter(({ sandbox }) => sandbox !== "")
    .map((each) => each.mac.toLowerCase());
  const what =
    missing ?? (mac !== "" && macs.length > 0 && !macs.includes(mac.toLowerCase()) ? mac : undefined);
  if (what === undefined) return;
  throw new KpodError(
    "CONFLICT",
    `network ${network.name} (${network.file}) does not give the address ${what}, but ${(missing === undefined ? macs : given).join(", ")}`,
    { hint: 'its plugins must know the capability "ips" or "mac", or take it from CNI_ARGS' },
  );
}
