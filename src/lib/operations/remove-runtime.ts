import { existsSync } from "node:fs";
import { join } from "node:path";
import { killContainerCgroups } from "../cgroups/removal";
import { KpodError } from "../errors";
import { isStorageId } from "../names/ids";
import { searchMonitor } from "../oci/conmon/find";
import type { Container } from "../oci/container";
import type { RuntimeHandler } from "../oci/runtime/handler";
import { killedExitCode } from "../oci/state/resolved";
import type { ServerView } from "../server-parts";
import { removeIfThere } from "../system/files";
import type { ProcessIdentity } from "../system/process-identity";
import { waitUntil } from "../system/wait-until";
import { endCgroups, endMonitor, endProcess } from "./end-processes";
import { lastingFirstProcess } from "./first-process";
import { persistFoundDead, persistLostExit } from "./persist-state";

/** Milliseconds that conmon has to end after a launch that failed: it has little to write down. */
const failedLaunchPatience = 500;

/** Milliseconds that a CRI-O has to take an exit file which kpod wrote: then it knows of the end. */
const crioPatience = 1_000;

/**
 * Removes a container from its runtime, killing it when it runs, and what conmon left: first the runtime has its turn,
 * then conmon, which still writes the exit down, then its files. Where conmon could not, kpod writes it. What is gone
 * already is fine. The container's records and layer in the store are not touched, and its exit files stay there.
 * @param force also when its runtime is not there any more, or has left the configuration
 * @throws KpodError BAD_STATE for one of another store, RUNTIME_FAILED, RUNTIME_TIMEOUT, BAD_CONFIG
 */
export async function removeFromRuntime(
  server: Pick<ServerView, "config" | "store" | "runtime" | "logger">,
  container: Container,
  force = false,
): Promise<void> {
  server.runtime.requireOwn(container);
  const monitor = searchMonitor(container);
  const first = lastingFirstProcess(container);
  const status = container.state?.status;
  const lives = first !== undefined || status === "running" || status === "paused" || status === "created";
  const persistEnd = (): Promise<boolean> =>
    lives ? persistLostExit(server, container, killedExitCode) : persistFoundDead(server, container);
  let persisted = false;
  // The end of what nobody watches is persisted before its runtime removes it.
  if (monitor === undefined && (first !== undefined || status === "stopped")) {
    if (first !== undefined) await endProcess(container, first, { signal: server.store.interruption });
    persisted = await persistEnd();
  }
  // Asked before anything is killed: its conmon, which goes with it, may be the only one that knows its runtime.
  const handler = handlerOf(server, container, force);
  if (force) killContainerCgroups(container.id);
  if (handler !== undefined) await deleteByRuntime(server, container, handler, force);
  await endWhatIsLeft(server, container, monitor);
  // What the runtime could not delete, or had not begun to write when it was asked to.
  if (handler !== undefined && isStorageId(container.id)) server.runtime.removeState(container);
  if ((await persistEnd()) || persisted) await untilTaken(server, container);
}

/** Waits until CRI-O has taken the exit file, as it does since 1.25, where its socket says that one may run. */
async function untilTaken(
  { config, store }: Pick<ServerView, "config" | "store">,
  { id }: Container,
): Promise<void> {
  if (!existsSync(config.listen)) return;
  const path = join(config.containerExitsDir, id);
  await waitUntil(`CRI-O to see the end of container ${id}`, () => !existsSync(path), {
    timeoutMs: crioPatience,
    signal: store.interruption,
  });
}

/** Removes the exit file in the exits directory, the last of a container: until then CRI-O can read it. */
export function removeExitFile({ config }: Pick<ServerView, "config">, { id }: Pick<Container, "id">): void {
  removeIfThere(join(config.containerExitsDir, id));
}

/** With force it is done without a runtime that cannot do it. */
async function deleteByRuntime(
  { runtime, logger }: Pick<ServerView, "runtime" | "logger">,
  container: Container,
  handler: RuntimeHandler,
  force: boolean,
): Promise<void> {
  try {
    await runtime.deleteContainer(container, true, handler);
  } catch (error) {
    if (!force || !(error instanceof KpodError) || error.code !== "RUNTIME_FAILED") throw error;
    logger.warn(`${error.message}: container ${container.id.slice(0, 13)} is ended without its runtime`);
  }
}

/** @returns undefined, with force, where its runtime has left the configuration and nothing else tells of it */
function handlerOf(
  { runtime, logger }: Pick<ServerView, "runtime" | "logger">,
  container: Container,
  force: boolean,
): RuntimeHandler | undefined {
  try {
    return runtime.handler(container);
  } catch (error) {
    if (!force || !(error instanceof KpodError)) throw error;
    logger.warn(
      `${error.message}: what its runtime may keep of container ${container.id.slice(0, 13)} stays there`,
    );
    return undefined;
  }
}

/**
 * Rolls back a launch that failed: as `removeFromRuntime`, but conmon and whatever it started end also when the
 * runtime fails or hangs once more.
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function rollbackLaunch(
  server: Pick<ServerView, "config" | "store" | "runtime">,
  container: Container,
): Promise<void> {
  const monitor = searchMonitor(container);
  try {
    await server.runtime.deleteContainer(container, true);
  } finally {
    await endWhatIsLeft(server, container, monitor, failedLaunchPatience);
    server.runtime.removeState(container);
    removeExitFile(server, container);
  }
}

/** Nothing of the container's records or layer is touched before all its processes have ended. */
async function endWhatIsLeft(
  server: Pick<ServerView, "config" | "store">,
  container: Container,
  monitor: ProcessIdentity | undefined,
  patienceMs?: number,
): Promise<void> {
  const { config, store } = server;
  const options = { patienceMs, signal: store.interruption };
  // Before conmon, which ends by itself when its container has.
  const first = lastingFirstProcess(container);
  if (first !== undefined) await endProcess(container, first, options);
  if (monitor !== undefined) await endMonitor(container, monitor, options);
  await endCgroups(container, options);
  // A link to the bundle; conmon of CRI-O 1.0 made a directory.
  removeIfThere(join(config.containerAttachSocketDir, container.id), { recursive: true });
}
