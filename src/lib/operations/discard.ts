import { existsSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { conmonCgroup } from "../cgroups/parent";
import { removeCgroup } from "../cgroups/hierarchies";
import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import { annotations } from "../oci/annotations";
import { readConmonPid } from "../oci/conmon";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";
import { isStorageId } from "../storage/ids";
import { readMounts, unmount } from "../system/mount";
import { isProcessAlive, readCommandLine, readProcessStat } from "../system/process";

/** Milliseconds that conmon has to write down the end of its container before it is ended itself. */
const conmonTimeLimit = 5_000;

/**
 * Takes a container off its runtime, killing it when it runs, and clears what conmon left: first the runtime,
 * then conmon, which still writes the exit down, then its files. What is gone already is fine. The container's
 * records and layer in the store are not touched.
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function discardRuntime(server: ContainerServer, container: Container): Promise<void> {
  const { config } = server;
  const monitor = monitorOf(container);
  await server.runtime.deleteContainer(container, true);
  if (monitor !== undefined) await endMonitor(monitor);
  rmSync(join(config.containerExitsDir, container.id), { force: true });
  // A link to the bundle; conmon of CRI-O 1.0 made a directory.
  rmSync(join(config.containerAttachSocketDir, container.id), { recursive: true, force: true });
  if (config.cgroupManager !== "systemd")
    await removeMonitorCgroup(conmonCgroup(parentOf(server, container), container.id));
}

/**
 * Removes a container with all that is its own, killing it when it runs: runtime and conmon first, then mount,
 * records, layer and directories. Its log stays.
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT, LOCK_TIMEOUT
 */
export async function discardContainer(server: ContainerServer, container: Container): Promise<void> {
  await discardRuntime(server, container);
  if (isStorageId(container.id)) await server.store.deleteContainer(container.id);
  server.removeContainer(container);
}

/**
 * Removes a pod with its containers, its infra container, its namespaces and its /dev/shm. Its logs stay.
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT, LOCK_TIMEOUT
 */
export async function discardPod(server: ContainerServer, sandbox: Sandbox): Promise<void> {
  for (const container of sandbox.containers()) await discardContainer(server, container);
  const { infraContainer } = sandbox;
  await discardRuntime(server, infraContainer);
  unpin(sandbox);
  // Only the pod's own: one that uses the host's names the host's directory.
  unmount(join(infraContainer.bundlePath, "shm"));
  if (isStorageId(infraContainer.id)) await server.store.deleteContainer(infraContainer.id);
  server.removeInfraContainer(infraContainer);
  server.removeSandbox(sandbox.id);
}

/** Unpins the namespaces that the pod's spec names: what is there must be a namespace, the spec is only data. */
function unpin(sandbox: Sandbox): void {
  const pinned = new Set(readMounts().flatMap(({ type, target }) => (type === "nsfs" ? [target] : [])));
  for (const type of ["network", "ipc", "uts"] as const) {
    const path = pathOf(sandbox, type);
    if (path === undefined || !existsSync(path)) continue;
    const target = realpathSync(path);
    if (!pinned.has(target)) continue;
    while (unmount(target));
    rmSync(target, { force: true });
  }
}

function pathOf(sandbox: Sandbox, type: "network" | "ipc" | "uts"): string | undefined {
  try {
    const path = sandbox.namespacePath(type);
    return path.startsWith("/") && !path.startsWith("/proc/") ? path : undefined;
  } catch (error) {
    // A pod that lost its spec has lost the names of its namespaces with it.
    if (!(error instanceof KpodError)) throw error;
    return undefined;
  }
}

interface Monitor {
  pid: number;
  startTime: string;
}

/** The conmon of a container, if the process of its pid file is still a conmon of this very container. */
function monitorOf(container: Container): Monitor | undefined {
  const pid = readConmonPid(container.bundlePath);
  const startTime = pid === undefined ? undefined : readProcessStat(pid)?.startTime;
  if (pid === undefined || startTime === undefined) return undefined;
  return readCommandLine(pid)?.includes(container.id) === true ? { pid, startTime } : undefined;
}

async function endMonitor({ pid, startTime }: Monitor): Promise<void> {
  const deadline = performance.now() + conmonTimeLimit;
  let killed = false;
  while (isProcessAlive(pid, startTime)) {
    if (!killed && performance.now() > deadline) {
      killed = true;
      process.kill(pid, "SIGKILL");
    }
    await sleep(10);
  }
}

async function removeMonitorCgroup(path: string): Promise<void> {
  // The kernel takes a moment to count a process that has ended out of its cgroup.
  for (let tries = 0; tries < 50 && removeCgroup(path).length > 0; tries++) await sleep(10);
}

function parentOf(server: ContainerServer, container: Container): string {
  const infra = server.getInfraContainer(container.sandboxId);
  try {
    return infra?.specAnnotations[annotations.cgroupParent] ?? "";
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    return "";
  }
}
