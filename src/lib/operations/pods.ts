import { crioAnswers } from "../crio/daemon";
import { errorMessage, KpodError } from "../errors";
import { isLeftByHalf } from "../oci/conmon/find";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerParts } from "../server-parts";
import { killContainer } from "./kill";
import { notePod } from "./note-event";
import { pauseContainer, unpauseContainer } from "./pause";
import { persistFoundDead, persistPodStopped } from "./persist-state";
import { unmountShm, unmountVolumes, unpinPod } from "./pod-mounts";
import type { UnmountOptions } from "../storage/mount-points";
import { takeDownNetwork } from "./pod-network";
import { stopContainer } from "./stop";
import { isSpoofed } from "./tolerant";

/** Milliseconds that an infra container has to end by itself: it has nothing to save. */
const infraTimeout = 1_000;

/**
 * Stops all containers of a pod side by side, then its infra container, takes down its network, and persists that the
 * pod is stopped where CRI-O does. One that is still being made is left to whoever makes it, and finds the pod stopped.
 * Where no CRI-O runs, its namespaces are unpinned but for the network's, and its /dev/shm and volumes are unmounted: CRI-O passes over
 * both in a pod that has stopped. A pod whose network namespace is gone it would not take over at its start.
 * @param timeoutMs how long a container may take by itself; 0 kills them at once; undefined for what each was made with
 * @param options.busy false has what somebody works in stay mounted
 * @throws KpodError with all that failed, BAD_STATE when one is paused, NETWORK_FAILED when all else is done
 */
export async function stopPod(
  server: ServerParts,
  sandbox: Sandbox,
  timeoutMs: number | undefined,
  signal?: AbortSignal,
  options: UnmountOptions = {},
): Promise<void> {
  server.requireNode();
  const { infraContainer } = sandbox;
  await server.runtime.updateStatuses([...sandbox.containers(), infraContainer]);
  await together(sandbox, sandbox.containers().filter(isMade), (container) =>
    stopContainer(server, container, timeoutMs, signal, options),
  );
  if (isMade(infraContainer) && !isSpoofed(server, sandbox)) {
    const patience = Math.min(timeoutMs ?? infraTimeout, infraTimeout);
    await stopContainer(server, infraContainer, patience, signal, options);
  }
  const isNews = !sandbox.isMarkedStopped;
  persistPodStopped(server, sandbox);
  if (isNews) notePod(server, sandbox, ["stop"]);
  try {
    await takeDownNetwork(server, sandbox, signal);
  } finally {
    await releasePod(server, sandbox, options);
  }
}

async function releasePod(server: ServerParts, sandbox: Sandbox, options: UnmountOptions): Promise<void> {
  // One that runs unpins them itself: that of old versions fails where they are gone.
  if (await crioAnswers(server.config)) return;
  unpinPod(server, sandbox, ["ipc", "uts", "user", "pid"], options);
  unmountShm(sandbox, options);
  unmountVolumes(server, sandbox);
}

/**
 * Sends a signal to all running containers of a pod; the infra container is left alone.
 * @throws KpodError with all that failed, BAD_STATE when none runs
 */
export async function killPod(server: ServerParts, sandbox: Sandbox, signal: number): Promise<void> {
  server.requireNode();
  const running = await inState(server, sandbox, ["running", "paused"]);
  for (const container of sandbox.containers()) {
    if (container.state?.status === "stopped") await persistFoundDead(server, container);
  }
  if (running.length === 0)
    throw new KpodError("BAD_STATE", `cannot kill pod ${sandbox.kubeName}: no container of it runs`);
  await together(sandbox, running, (container) => killContainer(server, container, signal));
}

/** Freezes all running containers of a pod. @throws KpodError with all that failed, BAD_STATE when none runs */
export async function pausePod(server: ServerParts, sandbox: Sandbox): Promise<void> {
  server.requireNode();
  const running = await inState(server, sandbox, ["running"]);
  if (running.length === 0)
    throw new KpodError("BAD_STATE", `cannot pause pod ${sandbox.kubeName}: no container of it runs`);
  await together(sandbox, running, (container) => pauseContainer(server, container));
}

/** Thaws all paused containers of a pod. @throws KpodError with all that failed, BAD_STATE when none is paused */
export async function unpausePod(server: ServerParts, sandbox: Sandbox): Promise<void> {
  server.requireNode();
  const paused = await inState(server, sandbox, ["paused"]);
  if (paused.length === 0) {
    throw new KpodError("BAD_STATE", `cannot unpause pod ${sandbox.kubeName}: no container of it is paused`);
  }
  await together(sandbox, paused, (container) => unpauseContainer(server, container));
}

/** False for a container that has nothing to stop yet, or never will. */
function isMade(container: Container): boolean {
  const status = container.state?.status;
  return status !== "creating" && !(status === "unknown" && isLeftByHalf(container));
}

async function inState(
  server: ServerParts,
  sandbox: Sandbox,
  wanted: readonly string[],
): Promise<Container[]> {
  const containers = sandbox.containers();
  await server.runtime.updateStatuses(containers);
  return containers.filter(({ state }) => wanted.includes(state?.status ?? ""));
}

/** Acts on several containers side by side; what fails with one does not keep the others from their turn. */
async function together(
  sandbox: Sandbox,
  containers: readonly Container[],
  action: (container: Container) => Promise<void>,
): Promise<void> {
  const failed = (await Promise.allSettled(containers.map(action))).filter(
    (result) => result.status === "rejected",
  );
  const [first] = failed;
  if (first === undefined) return;
  if (failed.length === 1) throw first.reason;
  const messages = failed.map(({ reason }) => errorMessage(reason)).join("; ");
  throw new KpodError(
    "BAD_STATE",
    `${failed.length} containers of pod ${sandbox.kubeName} failed: ${messages}`,
  );
}
