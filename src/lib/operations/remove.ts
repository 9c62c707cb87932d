import { crioAnswers } from "../crio/daemon";
import { hasKpodMark } from "../crio/kpod-mark";
import { KpodError, tolerate } from "../errors";
import { isStorageId, type StorageId } from "../names/ids";
import { isNotFoundError } from "../names/lookup";
import { isConnecting } from "../network/intended";
import { searchMonitor } from "../oci/conmon/find";
import type { Container } from "../oci/container";
import { isYoung } from "../oci/state/being-made";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerParts, ServerView } from "../server-parts";
import type { UnmountOptions } from "../storage/mount-points";
import { unlockNetwork } from "./checkpoint-network";
import { noteContainer, noteEnd, notePod } from "./note-event";
import { persistPodStopped } from "./persist-state";
import { unmountPod, unpinContainer } from "./pod-mounts";
import { takeDownNetwork, tryToTakeDownNetwork } from "./pod-network";
import { removeExitFile, removeFromRuntime } from "./remove-runtime";
import { isSpoofed } from "./tolerant";

/**
 * Removes a container by what names it; with force, where no record knows it, also what a runtime or a conmon still has
 * of it.
 * @returns its id
 * @throws KpodError NOT_FOUND, AMBIGUOUS, and as `removeContainer`
 */
export async function removeByName(server: ServerParts, idOrName: string, force: boolean): Promise<string> {
  try {
    const container = server.lists.lookupContainer(idOrName, "rm");
    await removeContainer(server, container, force);
    return container.id;
  } catch (error) {
    const orphan = force && isNotFoundError(error) ? await removeOrphan(server, idOrName) : undefined;
    if (orphan === undefined) throw error;
    return orphan;
  }
}

/**
 * Removes a container: first from its runtime, then conmon ends, then its mount, records,
 * layer and directories go. What is half gone already does not keep the rest from going.
 * @param force also one that runs (it is killed), whose state nobody knows, whose runtime has left the configuration, or
 * that somebody began to make and nobody is at any more
 * @param options.busy false has its layer and record stay where somebody works in it, or has something mounted there
 * @throws KpodError BAD_STATE, RUNTIME_FAILED, RUNTIME_TIMEOUT, BAD_CONFIG, LOCK_TIMEOUT
 */
export async function removeContainer(
  server: ServerParts,
  container: Container,
  force: boolean,
  options: UnmountOptions = {},
): Promise<void> {
  server.requireNode();
  const { status } = await server.runtime.updateStatus(container);
  if (status === "paused") {
    throw new KpodError("BAD_STATE", `cannot remove paused container ${container.id}`, {
      hint: "unpause or kill it first",
    });
  }
  if (status === "running" && !force) {
    throw new KpodError("BAD_STATE", `cannot remove running container ${container.id}`, {
      hint: "stop it first or use -f",
    });
  }
  if (status === "creating") {
    await refuseWhileMade(server, container, { what: `container ${container.id}: it`, force });
  }
  if (status === "unknown" && !force) {
    throw new KpodError("BAD_STATE", `cannot remove container ${container.id}: its state is unknown`, {
      hint: "use -f if it does not run any more",
    });
  }
  await removeContainerInAnyState(server, container, force, options);
}

/**
 * Removes a container with all that is its own, whatever its state, killing it when it runs: from its runtime and conmon
 * first, then mount, layer, directories and records. Its log stays.
 * @param force as for `removeFromRuntime`
 * @throws KpodError CORRUPT, RUNTIME_FAILED, RUNTIME_TIMEOUT, BAD_CONFIG, LOCK_TIMEOUT
 */
export async function removeContainerInAnyState(
  server: ServerView,
  container: Container,
  force = false,
  options: UnmountOptions = {},
): Promise<void> {
  const problem = await removeWithRecord(server, container, force, options);
  if (problem !== undefined) throw problem;
}

/** @returns what of it stays for a reason: all else has gone */
async function removeWithRecord(
  server: ServerView,
  container: Container,
  force: boolean,
  options: UnmountOptions,
): Promise<KpodError | undefined> {
  const hasRun = container.state?.status !== "created";
  await removeFromRuntime(server, container, force);
  if (hasRun) noteEnd(server, container);
  if (container.state?.checkpointed !== undefined) await unlockNetwork(server, container, { ends: true });
  await unpinContainer(server, container, options);
  const problem = isStorageId(container.id)
    ? await server.store.deleteContainer(container.id, undefined, options)
    : undefined;
  removeExitFile(server, container);
  noteContainer(server, container, "remove");
  server.lists.removeContainer(container);
  return problem;
}

/**
 * Keeps a container that is being made from being removed: whoever makes it would go on with what is not there. With
 * force, while somebody is at it that could not bear it; a launch by kpod can, which finds that out and rolls itself back.
 * @param options.what how the message names it, up to "is still being made"
 * @throws KpodError BAD_STATE
 */
async function refuseWhileMade(
  { config }: Pick<ServerView, "config">,
  container: Container,
  { what, force }: { readonly what: string; readonly force: boolean },
): Promise<void> {
  if (!force) {
    throw new KpodError("BAD_STATE", `cannot remove ${what} is still being made`, {
      hint: "wait until it is there, or use -f if nobody is at it any more",
    });
  }
  if (!isYoung(container) || isMadeByKpod(container)) return;
  const hint = "wait until it is there; what is not made within 4 minutes can be removed by -f";
  const monitor = searchMonitor(container);
  if (monitor !== undefined) {
    throw new KpodError(
      "BAD_STATE",
      `cannot remove ${what} is still being made, its conmon (pid ${monitor.pid}) lives`,
      { hint },
    );
  }
  if (await crioAnswers(config)) {
    throw new KpodError("BAD_STATE", `cannot remove ${what} is still being made, and CRI-O works`, { hint });
  }
}

/** Its spec says so, which is there before conmon is; while its network is set up, the note of that. */
function isMadeByKpod(container: Container): boolean {
  return tolerate(false, () => isConnecting(container) || hasKpodMark(container));
}

/**
 * Removes a pod: its containers, its infra container, its network, its namespaces and its /dev/shm.
 * @param force also when something of it runs, or its network cannot be taken down
 * @param options.busy as for `removeContainer`
 * @throws KpodError BAD_STATE, NETWORK_FAILED when it stays for that, RUNTIME_FAILED, RUNTIME_TIMEOUT, LOCK_TIMEOUT
 */
export async function removePod(
  server: ServerParts,
  sandbox: Sandbox,
  force: boolean,
  options: UnmountOptions = {},
): Promise<void> {
  server.requireNode();
  const all = [...sandbox.containers(), sandbox.infraContainer];
  await server.runtime.updateStatuses(all);
  const paused = all.find(({ state }) => state?.status === "paused");
  if (paused !== undefined) {
    throw new KpodError(
      "BAD_STATE",
      `cannot remove pod ${sandbox.kubeName}: container ${paused.id} is paused`,
      {
        hint: "unpause or kill it first",
      },
    );
  }
  // Without a process of its own it cannot be in anybody's way.
  const counted = isSpoofed(server, sandbox) ? sandbox.containers() : all;
  const making = counted.filter(({ state }) => state?.status === "creating");
  for (const container of making) {
    const what = `pod ${sandbox.kubeName}: ${container.infra ? "it" : `container ${container.id}`}`;
    await refuseWhileMade(server, container, { what, force });
  }
  const running = counted.find(({ state }) => state?.status === "running" || state?.status === "unknown");
  if (running !== undefined && !force) {
    const what = running.infra ? "it" : `container ${running.id}`;
    const how = running.state?.status === "running" ? "still runs" : "is in an unknown state";
    throw new KpodError("BAD_STATE", `cannot remove pod ${sandbox.kubeName}: ${what} ${how}`, {
      hint: "stop it first or use -f",
    });
  }
  await server.withStateLock(async () => {
    persistPodStopped(server, sandbox);
    await server.updateRecords();
  });
  if (!force) await takeDownNetwork(server, sandbox);
  await removePodInAnyState(server, sandbox, force, options);
}

/**
 * Removes a pod, whatever its state, with its containers, its infra container, its network, its namespaces and its
 * /dev/shm. Its logs stay. That its network cannot be taken down is a warning.
 * @param force as for `removeFromRuntime`
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT, BAD_CONFIG, LOCK_TIMEOUT
 */
export async function removePodInAnyState(
  server: ServerView,
  sandbox: Sandbox,
  force = false,
  options: UnmountOptions = {},
): Promise<void> {
  const problems: (KpodError | undefined)[] = [];
  for (const container of sandbox.containers())
    problems.push(await removeWithRecord(server, container, force, options));
  const { infraContainer } = sandbox;
  await removeFromRuntime(server, infraContainer, force);
  await tryToTakeDownNetwork(server, sandbox);
  unmountPod(server, sandbox, options);
  if (isStorageId(infraContainer.id))
    problems.push(await server.store.deleteContainer(infraContainer.id, undefined, options));
  removeExitFile(server, infraContainer);
  notePod(server, sandbox, ["remove"]);
  server.lists.removeInfraContainer(infraContainer);
  server.lists.removeSandbox(sandbox.id);
  const problem = problems.find((found) => found !== undefined);
  if (problem !== undefined) throw problem;
}

/**
 * Removes what only a runtime or a conmon still knows: a container of this store whose record is gone, or the infra
 * container of such a pod.
 * @param wanted its full id, or a prefix that fits one only
 * @param options.busy as for `removeContainer`
 * @returns its id; undefined when nobody knows of such a container either
 * @throws KpodError AMBIGUOUS, RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function removeOrphan(
  server: ServerParts,
  wanted: string,
  options: UnmountOptions = {},
): Promise<string | undefined> {
  if (!/^[0-9a-f]+$/.test(wanted)) return undefined;
  server.requireNode();
  // Of a list of what was asked for only nobody could tell what has no record, nor what other pods use.
  await server.updateRecords();
  const { findOrphans } = await import("./orphans");
  const orphans = (await findOrphans(server)).filter(({ container }) => container.id.startsWith(wanted));
  if (orphans.length > 1) {
    const candidates = orphans.map(({ container }) => container.id.slice(0, 13)).join(", ");
    throw new KpodError("AMBIGUOUS", `container ${wanted} is ambiguous, it can be ${candidates}`, {
      hint: "give more of the id",
    });
  }
  const [orphan] = orphans;
  if (orphan === undefined) return undefined;
  const { container, sandbox } = orphan;
  const { id } = container;
  if (!isStorageId(id)) return undefined;
  const layer = layerInSpec(container);
  // Its runtime may have left the configuration, as the conmon that still lives may be all that is left.
  await removeFromRuntime(server, container, true);
  if (container.infra) {
    await tryToTakeDownNetwork(server, sandbox);
    unmountPod(server, sandbox, options);
  }
  await server.store.deleteContainer(id, layer, options);
  removeExitFile(server, container);
  return id;
}

/** The read-write layer that the spec of an orphan still names. */
function layerInSpec(container: Container): StorageId | undefined {
  // Without a spec its layer cannot be told from any other.
  return tolerate(undefined, () => {
    const layer = /\/overlay\/([0-9a-f]{64})\/merged$/.exec(container.spec.root?.path ?? "")?.[1];
    return isStorageId(layer) ? layer : undefined;
  });
}
