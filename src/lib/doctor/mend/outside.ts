import { join } from "node:path";
import { containerCgroups, pidsBelow } from "../../cgroups/removal";
import { resetFailedScope } from "../../cgroups/systemd-failed";
import { KpodError } from "../../errors";
import { readCachedAttachments } from "../../network/cache";
import { deleteIptablesPorts } from "../../network/iptables-ports";
import { deleteNftPorts } from "../../network/nftables-ports";
import { isLeftByHalf, searchMonitor } from "../../oci/conmon/find";
import type { Container } from "../../oci/container";
import { locateState, stateRoots } from "../../oci/runtime/location";
import { endCgroups } from "../../operations/end-processes";
import { takeDownLeaked } from "../../operations/pod-network";
import { stopPod } from "../../operations/pods";
import { removeContainer, removeOrphan, removePod } from "../../operations/remove";
import { stopContainer } from "../../operations/stop";
import type { Sandbox } from "../../sandbox/sandbox";
import type { ServerParts } from "../../server-parts";
import { removeIfThere } from "../../system/files";
import { findDebris } from "../debris";
import type { DetachTarget, OutsideStep } from "../step";

/** Nothing of a mending is unmounted where somebody works in it. */
const careful = { busy: false } as const;

/**
 * Does a step for which the locks of the store are not held; what is done already is done again without harm.
 * @throws KpodError BAD_STATE where something runs or is in use, RUNTIME_FAILED, RUNTIME_TIMEOUT, LOCK_TIMEOUT, IO
 */
export async function performOutside(server: ServerParts, step: OutsideStep): Promise<void> {
  if (step.do === "remove-debris") {
    const known = async (): Promise<ReadonlySet<string>> =>
      new Set((await server.store.containers()).map(({ id }) => id));
    const { names } = await findDebris(step, known);
    for (const name of names) removeIfThere(join(step.directory, name));
    return;
  }
  if (step.do === "reset-failed") return resetFailedScope(step.unit, server.logger);
  if (step.do === "delete-iptables") return deleteIptablesPorts(step, server.logger);
  if (step.do === "delete-nftables") return deleteNftPorts(step, server.logger);
  const { id } = step;
  await server.updateRecords();
  if (step.do === "detach-network") return detachNetwork(server, step);
  const sandbox = server.lists.getSandbox(id);
  const container = server.lists.getContainer(id);
  switch (step.do) {
    case "delete-container":
      // Neither is removed while anything of it runs.
      if (sandbox !== undefined) await removePod(server, sandbox, await isLeftPod(server, sandbox), careful);
      else if (container !== undefined)
        await removeContainer(server, container, isLeft(server, container), careful);
      return;
    case "delete-pod":
      if (sandbox !== undefined) await removePod(server, sandbox, true, careful);
      return;
    case "delete-orphan":
      await removeOrphan(server, id, careful);
      return;
    case "stop":
      if (sandbox !== undefined) await stopPod(server, sandbox, undefined, undefined, careful);
      else if (container !== undefined) await stopContainer(server, container, undefined, undefined, careful);
      return;
    case "end-processes":
      if (sandbox === undefined && container === undefined) await endCgroups({ id, name: id.slice(0, 13) });
      return;
  }
}

/** True for what was made by half and left: its state nobody knows, and nothing of it can run. */
function isLeft({ config }: Pick<ServerParts, "config">, container: Container): boolean {
  const { id } = container;
  return (
    isLeftByHalf(container) &&
    locateState(stateRoots(config), id) === undefined &&
    searchMonitor(container) === undefined &&
    containerCgroups(id).every((directory) => pidsBelow(directory).length === 0)
  );
}

/** True for a pod of which nothing but such keeps it from being removed. */
async function isLeftPod(server: ServerParts, sandbox: Sandbox): Promise<boolean> {
  const all = [...sandbox.containers(), sandbox.infraContainer];
  await server.runtime.updateStatuses(all);
  const unsure = all.filter(({ state }) => state?.status !== "stopped" && state?.status !== "created");
  return unsure.length > 0 && unsure.every((container) => isLeft(server, container));
}

/** Where a plugin fails, what it has set up stays, and what else is left of the pod is removed all the same. */
async function detachNetwork(server: ServerParts, { path, id, network }: DetachTarget): Promise<void> {
  if (server.lists.getSandbox(id)?.isNetworkStopped === false) return;
  const cached = readCachedAttachments(id).find((each) => each.path === path);
  if (cached === undefined) return;
  try {
    await takeDownLeaked(server, cached);
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    const what = `what the plugins of the network ${network} have set up for ${id.slice(0, 13)}`;
    server.logger.warn(`${what} may stay: ${error.message}`);
  }
}

/** What such a step has done that nobody can roll back, a clause. */
export function doneOutside(step: OutsideStep): string {
  if (step.do === "remove-debris") return `what containers had left in ${step.directory} was removed`;
  if (step.do === "reset-failed") return `the failed unit ${step.unit} was removed from systemd's list`;
  if (step.do === "delete-iptables") return `the chain ${step.chain} of ${step.program} was deleted`;
  if (step.do === "delete-nftables")
    return `${step.entries.length} entries of the table ${step.table} of nftables were deleted`;
  const short = step.id.slice(0, 13);
  if (step.do === "detach-network") return `${short} was taken out of the network ${step.network}`;
  switch (step.do) {
    case "delete-container":
    case "delete-orphan":
      return `container ${short} was removed`;
    case "delete-pod":
      return `pod ${short} was removed`;
    case "stop":
      return `${step.pod ? "pod" : "container"} ${short} was stopped`;
    case "end-processes":
      return `the processes of container ${short} were killed`;
  }
}
