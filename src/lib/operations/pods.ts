import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ServerParts } from "../server-parts";
import { crioAnswers } from "../crio/daemon";
import { errorMessage, KpodError } from "../errors";
import type { Container } from "../oci/container";
import { isBeingMade } from "../oci/state/being-made";
import { isLeftByHalf } from "../oci/conmon/find";
import type { Sandbox } from "../sandbox/sandbox";
import { writeFileAtomic } from "../system/files";
import { removePodInAnyState, unmountShm } from "./remove-runtime";
import { killContainer } from "./kill";
import { persistFoundDead } from "./persist-state";
import { pauseContainer, unpauseContainer } from "./pause";
import { refuseWhileMade } from "./remove";
import { stopContainer } from "./stop";
import { unpinPod } from "./unpin-namespaces";

/** Milliseconds that an infra container has to end by itself: it has nothing to save. */
const infraTimeout = 1_000;

/**
 * Stops all containers of a pod side by side, then its infra container, and notes that the pod is stopped
 * where CRI-O does. One that is still being made is left to whoever makes it, and finds the pod stopped. Where no CRI-O
 * runs, its namespaces are unpinned but for the network's, and its /dev/shm is unmounted: CRI-O passes over both in a
 * pod that has stopped. The network it takes down all the same, for which it needs the namespace.
 * @param timeoutMs how long a container may take by itself; 0 kills them at once
 * @throws KpodError with all that failed, BAD_STATE when one is paused
 */
export async function stopPod(
  server: ServerParts,
  sandbox: Sandbox,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  server.requireNode();
  const { infraContainer } = sandbox;
  await server.runtime.updateStatuses([...sandbox.containers(), infraContainer]);
  await together(sandbox, sandbox.containers().filter(isMade), (container) =>
    stopContainer(server, container, timeoutMs, signal),
  );
  if (isMade(infraContainer) && !isSpoofed(server, sandbox)) {
    await stopContainer(server, infraContainer, Math.min(timeoutMs, infraTimeout), signal);
  }
  noteStopped(server, sandbox);
  // One that runs unpins them itself: that of old versions fails where they are gone.
  if (await crioAnswers(server.config)) return;
  unpinPod(server, sandbox, ["ipc", "uts", "user", "pid"]);
  unmountShm(sandbox);
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

/**
 * Removes a pod: its containers, its infra container, its namespaces and its /dev/shm.
 * @param force also when something of it runs
 * @throws KpodError BAD_STATE, RUNTIME_FAILED, RUNTIME_TIMEOUT, LOCK_TIMEOUT
 */
export async function removePod(server: ServerParts, sandbox: Sandbox, force: boolean): Promise<void> {
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
    noteStopped(server, sandbox);
    await server.updateRecords();
  });
  await removePodInAnyState(server, sandbox, force);
}

/** False for a container that has nothing to stop yet, or never will. */
function isMade(container: Container): boolean {
  const status = container.state?.status;
  return status !== "creating" && !(status === "unknown" && isLeftByHalf(container));
}

/** Notes that a pod is stopped, where CRI-O does. From then on nobody makes containers in it. */
function noteStopped(server: ServerParts, sandbox: Sandbox): void {
  const { dir, bundlePath } = sandbox.infraContainer;
  const directory = isSpoofed(server, sandbox) ? bundlePath : dir;
  if (existsSync(directory)) writeFileAtomic(join(directory, "stopped"), "", 0o644);
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

/** True for a pod without an infra process; one whose spec cannot be read is taken for one that has it. */
export function isSpoofed(server: ServerParts, sandbox: Sandbox): boolean {
  try {
    return sandbox.spoofed;
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    if (isBeingMade(sandbox.infraContainer)) return false;
    server.logger.warn(`pod ${sandbox.name}: ${error.message}`);
    return false;
  }
}
