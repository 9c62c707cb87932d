import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { clearCgroups, thawCgroups } from "../cgroups/leftovers";
import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import { podNamespacePaths, removePodNamespaces } from "../launch/pod-namespaces";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";
import { isStorageId } from "../storage/ids";
import { readMounts, unmount } from "../system/mount";
import { isProcessAlive, killProcess } from "../system/process";
import { endMonitor, monitorOf, type Monitor } from "./monitor";
import { monotonicNow } from "../system/clock";
import { removeIfThere } from "../system/remove";

/** Milliseconds that a killed process has to be gone. */
const killTimeLimit = 5_000;

/** Milliseconds that conmon has to end after a launch that failed: it has little to write down. */
const failedLaunchPatience = 500;

/**
 * Takes a container off its runtime, killing it when it runs, and clears what conmon left: first the runtime,
 * then conmon, which still writes the exit down, then its files. What is gone already is fine. The container's
 * records and layer in the store are not touched.
 * @param force also when its runtime is not there any more, or has left the configuration
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT, BAD_CONFIG
 */
export async function discardRuntime(
  server: ContainerServer,
  container: Container,
  force = false,
): Promise<void> {
  const monitor = monitorOf(container);
  if (!force || hasRuntime(server, container)) await server.runtime.deleteContainer(container, true);
  await clearRuntimeFiles(server, container, monitor);
}

function hasRuntime({ runtime, logger }: ContainerServer, container: Container): boolean {
  try {
    runtime.handler(container);
    return true;
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    logger.warn(
      `${error.message}: what its runtime may keep of container ${container.id.slice(0, 13)} stays there`,
    );
    return false;
  }
}

/**
 * Takes back a launch that failed: as `discardRuntime`, but conmon and whatever it started end also when the
 * runtime fails or hangs once more.
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function discardLaunch(server: ContainerServer, container: Container): Promise<void> {
  const monitor = monitorOf(container);
  try {
    await server.runtime.deleteContainer(container, true);
  } finally {
    await clearRuntimeFiles(server, container, monitor, failedLaunchPatience);
  }
}

async function clearRuntimeFiles(
  server: ContainerServer,
  container: Container,
  monitor: Monitor | undefined,
  patienceMs?: number,
): Promise<void> {
  const { config } = server;
  // Before conmon, which ends by itself when its container has.
  await endStrayProcess(container);
  if (monitor !== undefined) await endMonitor(monitor, patienceMs);
  removeIfThere(join(config.containerExitsDir, container.id));
  // A link to the bundle; conmon of CRI-O 1.0 made a directory.
  removeIfThere(join(config.containerAttachSocketDir, container.id), { recursive: true });
  const left = await clearCgroups(container.id);
  if (left.length > 0) server.logger.warn(`processes of ${container.name} do not leave ${left.join(", ")}`);
}

/**
 * Removes a container with all that is its own, killing it when it runs: runtime and conmon first, then mount,
 * records, layer and directories. Its log stays.
 * @param force as for `discardRuntime`
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT, BAD_CONFIG, LOCK_TIMEOUT
 */
export async function discardContainer(
  server: ContainerServer,
  container: Container,
  force = false,
): Promise<void> {
  await discardRuntime(server, container, force);
  if (isStorageId(container.id)) await server.store.deleteContainer(container.id);
  server.removeContainer(container);
}

/**
 * Removes a pod with its containers, its infra container, its namespaces and its /dev/shm. Its logs stay.
 * @param force as for `discardRuntime`
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT, BAD_CONFIG, LOCK_TIMEOUT
 */
export async function discardPod(server: ContainerServer, sandbox: Sandbox, force = false): Promise<void> {
  for (const container of sandbox.containers()) await discardContainer(server, container, force);
  const { infraContainer } = sandbox;
  await discardRuntime(server, infraContainer, force);
  discardPodFiles(server, sandbox);
  if (isStorageId(infraContainer.id)) await server.store.deleteContainer(infraContainer.id);
  server.removeInfraContainer(infraContainer);
  server.removeSandbox(sandbox.id);
}

/** Unpins the namespaces of a pod that has ended, and unmounts its /dev/shm. */
export function discardPodFiles(server: ContainerServer, sandbox: Sandbox): void {
  unpin(server, sandbox);
  // Only the pod's own: one that uses the host's names the host's directory.
  unmount(join(sandbox.infraContainer.bundlePath, "shm"));
}

/**
 * Unpins the namespaces that the pod's spec names: what is there must be a namespace, the spec is only data. A
 * pod whose launch broke off has no spec yet; its namespaces are where kpod pins those of its uid.
 */
function unpin(server: ContainerServer, sandbox: Sandbox): void {
  const pinned = new Set(readMounts().flatMap(({ type, target }) => (type === "nsfs" ? [target] : [])));
  for (const type of ["network", "ipc", "uts"] as const) {
    const path = pathOf(sandbox, type);
    if (path === undefined || !existsSync(path)) continue;
    const target = realpathSync(path);
    if (!pinned.has(target)) continue;
    while (unmount(target));
    removeIfThere(target);
  }
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(sandbox.uid)) return;
  removePodNamespaces(podNamespacePaths(server.config.namespacesDir, sandbox.uid));
}

function pathOf(sandbox: Sandbox, type: "network" | "ipc" | "uts"): string | undefined {
  try {
    const path = sandbox.namespacePath(type);
    return path.startsWith("/") && !path.startsWith("/proc/") ? path : undefined;
  } catch (error) {
    // Its spec is lost, or was not written yet.
    if (!(error instanceof KpodError)) throw error;
    return undefined;
  }
}

/** A container of which the runtime lost its state may still run; state.json remembers its first process. */
async function endStrayProcess({ id, state }: Container): Promise<void> {
  const { initPid, initStartTime } = state ?? {};
  // Without its start time the pid could be anybody's by now.
  if (initPid === undefined || initStartTime === undefined || !isProcessAlive(initPid, initStartTime)) return;
  killProcess(initPid);
  thawCgroups(id);
  const deadline = monotonicNow() + killTimeLimit;
  while (isProcessAlive(initPid, initStartTime) && monotonicNow() < deadline) await sleep(10);
}
