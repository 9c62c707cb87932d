import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ServerParts } from "../server-parts";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import { searchMonitor } from "../oci/conmon/find";
import type { Sandbox } from "../sandbox/sandbox";
import { isStorageId } from "../names/ids";
import { unmount } from "../system/mount";
import type { ProcessIdentity } from "../system/process-identity";
import { removeIfThere } from "../system/files";
import { waitUntil } from "../system/wait-until";
import { killedExitCode } from "./kill";
import { endCgroups, endMonitor, endProcess, firstProcessOf } from "./end-processes";
import { unpinContainer, unpinPod } from "./unpin-namespaces";
import { persistFoundDead, persistLostExit } from "./persist-state";

/** Milliseconds that conmon has to end after a launch that failed: it has little to write down. */
const failedLaunchPatience = 500;

/** Milliseconds that a CRI-O has to take an exit file which kpod wrote: then it knows of the end. */
const crioPatience = 1_000;

/**
 * Takes a container off its runtime, killing it when it runs, and clears what conmon left: first the runtime,
 * then conmon, which still writes the exit down, then its files. Where conmon could not, kpod writes it. What is gone
 * already is fine. The container's records and layer in the store are not touched, and its exit files stay there.
 * @param force also when its runtime is not there any more, or has left the configuration
 * @throws KpodError BAD_STATE for one of another store, RUNTIME_FAILED, RUNTIME_TIMEOUT, BAD_CONFIG
 */
export async function removeFromRuntime(
  server: ServerParts,
  container: Container,
  force = false,
): Promise<void> {
  server.runtime.requireOwn(container);
  const monitor = searchMonitor(container);
  const first = firstProcessOf(container);
  const status = container.state?.status;
  const lives = first !== undefined || status === "running" || status === "paused" || status === "created";
  const noteEnd = (): Promise<boolean> =>
    lives ? persistLostExit(server, container, killedExitCode) : persistFoundDead(server, container);
  let noted = false;
  // What nobody watches is ended and noted before its runtime forgets it.
  if (monitor === undefined && (first !== undefined || status === "stopped")) {
    if (first !== undefined) await endProcess(container, first, { signal: server.store.interruption });
    noted = await noteEnd();
  }
  const known = !force || hasRuntime(server, container);
  const deleted = known && (await deleteByRuntime(server, container, force));
  await endWhatIsLeft(server, container, monitor);
  if (known && !deleted && isStorageId(container.id)) server.runtime.removeState(container);
  if ((await noteEnd()) || noted) await untilTaken(server, container);
}

/** Waits until CRI-O has taken the exit file, as it does since 1.25, where its socket says that one may run. */
async function untilTaken({ config, store }: ServerParts, { id }: Container): Promise<void> {
  if (!existsSync(config.listen)) return;
  const path = join(config.containerExitsDir, id);
  await waitUntil(`CRI-O to see the end of container ${id}`, () => !existsSync(path), {
    timeoutMs: crioPatience,
    signal: store.interruption,
  });
}

/** Removes the exit file in the exits directory, the last of a container: until then CRI-O can read it. */
export function removeExitFile({ config }: ServerParts, { id }: Pick<Container, "id">): void {
  removeIfThere(join(config.containerExitsDir, id));
}

/** @returns false when the runtime cannot do it, and with force has to be done without */
async function deleteByRuntime(
  { runtime, logger }: ServerParts,
  container: Container,
  force: boolean,
): Promise<boolean> {
  try {
    await runtime.deleteContainer(container, true);
    return true;
  } catch (error) {
    if (!force || !(error instanceof KpodError) || error.code !== "RUNTIME_FAILED") throw error;
    logger.warn(`${error.message}: container ${container.id.slice(0, 13)} is ended without its runtime`);
    return false;
  }
}

function hasRuntime({ runtime, logger }: ServerParts, container: Container): boolean {
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
 * Takes back a launch that failed: as `removeFromRuntime`, but conmon and whatever it started end also when the
 * runtime fails or hangs once more.
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function rollbackLaunch(server: ServerParts, container: Container): Promise<void> {
  const monitor = searchMonitor(container);
  try {
    await server.runtime.deleteContainer(container, true);
  } finally {
    await endWhatIsLeft(server, container, monitor, failedLaunchPatience);
    removeExitFile(server, container);
  }
}

/** Nothing of the container's records or layer is touched before all its processes have ended. */
async function endWhatIsLeft(
  server: ServerParts,
  container: Container,
  monitor: ProcessIdentity | undefined,
  patienceMs?: number,
): Promise<void> {
  const { config, store } = server;
  const options = { patienceMs, signal: store.interruption };
  // Before conmon, which ends by itself when its container has.
  const first = firstProcessOf(container);
  if (first !== undefined) await endProcess(container, first, options);
  if (monitor !== undefined) await endMonitor(container, monitor, options);
  await endCgroups(container, options);
  // A link to the bundle; conmon of CRI-O 1.0 made a directory.
  removeIfThere(join(config.containerAttachSocketDir, container.id), { recursive: true });
}

/**
 * Removes a container with all that is its own, killing it when it runs: runtime and conmon first, then mount,
 * layer, directories and records. Its log stays.
 * @param force as for `removeFromRuntime`
 * @throws KpodError CORRUPT, RUNTIME_FAILED, RUNTIME_TIMEOUT, BAD_CONFIG, LOCK_TIMEOUT
 */
export async function removeContainerInAnyState(
  server: ServerParts,
  container: Container,
  force = false,
): Promise<void> {
  const problem = await discardRecorded(server, container, force);
  if (problem !== undefined) throw problem;
}

/** @returns what of it stays for a reason: all else has gone */
async function discardRecorded(
  server: ServerParts,
  container: Container,
  force: boolean,
): Promise<KpodError | undefined> {
  await removeFromRuntime(server, container, force);
  unpinContainer(server, container);
  const problem = isStorageId(container.id) ? await server.store.deleteContainer(container.id) : undefined;
  removeExitFile(server, container);
  server.lists.removeContainer(container);
  return problem;
}

/**
 * Removes a pod with its containers, its infra container, its namespaces and its /dev/shm. Its logs stay.
 * @param force as for `removeFromRuntime`
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT, BAD_CONFIG, LOCK_TIMEOUT
 */
export async function removePodInAnyState(
  server: ServerParts,
  sandbox: Sandbox,
  force = false,
): Promise<void> {
  const problems: (KpodError | undefined)[] = [];
  for (const container of sandbox.containers())
    problems.push(await discardRecorded(server, container, force));
  const { infraContainer } = sandbox;
  await removeFromRuntime(server, infraContainer, force);
  removePodFiles(server, sandbox);
  if (isStorageId(infraContainer.id)) problems.push(await server.store.deleteContainer(infraContainer.id));
  removeExitFile(server, infraContainer);
  server.lists.removeInfraContainer(infraContainer);
  server.lists.removeSandbox(sandbox.id);
  const problem = problems.find((found) => found !== undefined);
  if (problem !== undefined) throw problem;
}

/** Unpins the namespaces of a pod that has ended, and unmounts its /dev/shm. */
export function removePodFiles(server: ServerParts, sandbox: Sandbox): void {
  unpinPod(server, sandbox);
  unmountShm(sandbox);
}

/** Only the pod's own: one that uses the host's names the host's directory. */
export function unmountShm({ infraContainer }: Sandbox): void {
  unmount(join(infraContainer.bundlePath, "shm"));
}
