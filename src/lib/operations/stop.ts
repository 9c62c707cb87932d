import { constants } from "node:os";
import { errnoOf, KpodError, tolerate } from "../errors";
import { isStorageId, type StorageId } from "../names/ids";
import type { Container } from "../oci/container";
import { parseSignal } from "../oci/signals";
import { killedExitCode } from "../oci/state/resolved";
import type { ServerParts, ServerView } from "../server-parts";
import type { UnmountOptions } from "../storage/mount-points";
import { describeHang } from "./end-processes";
import { sendSignal } from "./kill";
import { noteContainer, noteEnd } from "./note-event";
import { persistFoundDead, persistLostExit, persistState } from "./persist-state";
import { waitForExit, type WaitOptions } from "./wait";

/** Milliseconds within which a process that got KILL must be gone. */
const killTimeLimit = 10_000;

/**
 * Stops a container (libkpod: ContainerStop): its stop signal, and KILL when it has not ended in time. No
 * lock is held meanwhile, so that a second stop with less patience cuts a first one short. Then its file
 * system is unmounted and its end persisted.
 * @param timeoutMs how long it may take by itself; 0 kills it at once; undefined for what it was made with, else 10 s
 * @param options.busy false has its file system stay mounted where somebody works in it
 * @throws KpodError BAD_STATE when it is paused or unknown, RUNTIME_FAILED, RUNTIME_TIMEOUT, INTERRUPTED
 */
export async function stopContainer(
  server: ServerParts,
  container: Container,
  timeoutMs: number | undefined,
  signal?: AbortSignal,
  options: UnmountOptions = {},
): Promise<void> {
  server.requireNode();
  const { status } = await server.runtime.updateStatus(container);
  if (status === "paused") {
    throw new KpodError("BAD_STATE", `cannot stop paused container ${container.id}`, {
      hint: "unpause it first or use kill",
    });
  }
  if (status === "creating") {
    throw new KpodError("BAD_STATE", `cannot stop container ${container.id}: it is still being made`, {
      hint: "stop it once it runs",
    });
  }
  if (status === "unknown") {
    throw new KpodError("BAD_STATE", `cannot stop container ${container.id}: its state is unknown`, {
      hint: "rm -f ends it for good",
    });
  }
  if (status === "stopped") await persistFoundDead(server, container);
  else {
    // One that was never started has nothing that could listen to a signal.
    const patience = timeoutMs ?? ownPatience(container);
    const gentle = status === "running" && patience > 0;
    if (!gentle || !(await ask(server, container, { timeoutMs: patience, signal })))
      await end(server, container, signal);
    if (status === "running") noteEnd(server, container);
    noteContainer(server, container, "stop");
  }
  if (isStorageId(container.layerId)) await unmountAll(server, container.layerId, options);
  await persistState(server, container);
}

async function unmountAll(
  { store }: Pick<ServerView, "store">,
  layer: StorageId,
  options: UnmountOptions,
): Promise<void> {
  try {
    await store.unmount(layer, true, options);
  } catch (error) {
    // It has ended all the same.
    if (options.busy !== false || errnoOf(error) !== "EBUSY") throw error;
  }
}

/** Milliseconds that a container gets of which nothing else is said. */
const usualPatience = 10_000;

/** One whose spec is lost is stopped all the same. */
function ownPatience(container: Container): number {
  const seconds = tolerate(undefined, () => container.stopTimeout);
  return seconds === undefined ? usualPatience : seconds * 1000;
}

/** Asks the container to end. @returns whether it did in time */
async function ask(server: ServerParts, container: Container, options: WaitOptions): Promise<boolean> {
  await signalUnlessEnded(server, container, stopSignalOf(server, container));
  const exitCode = await waitForExit(server, container, options);
  if (exitCode === undefined) return false;
  await persistLostExit(server, container, exitCode);
  return true;
}

async function end(
  server: ServerParts,
  container: Container,
  signal: AbortSignal | undefined,
): Promise<void> {
  await signalUnlessEnded(server, container, constants.signals.SIGKILL);
  const options: WaitOptions = { timeoutMs: killTimeLimit, signal, killed: true };
  if ((await waitForExit(server, container, options)) !== undefined) {
    await persistLostExit(server, container, killedExitCode);
    return;
  }
  const pid = container.state?.pid ?? 0;
  const who = pid > 0 ? `: ${describeHang(pid)}` : "";
  throw new KpodError(
    "RUNTIME_TIMEOUT",
    `container ${container.id} is still there ${killTimeLimit / 1000} s after KILL${who}`,
    {
      hint: "a process of it hangs in the kernel, on a dead network mount for example",
    },
  );
}

async function signalUnlessEnded(
  server: Pick<ServerView, "runtime" | "logger">,
  container: Container,
  signal: number,
): Promise<void> {
  try {
    await sendSignal(server, container, signal);
  } catch (error) {
    if ((await server.runtime.updateStatus(container)).status !== "stopped") throw error;
  }
}

function stopSignalOf(server: Pick<ServerView, "logger">, container: Container): number {
  try {
    return container.stopSignal === "" ? constants.signals.SIGTERM : parseSignal(container.stopSignal);
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    server.logger.warn(`container ${container.id.slice(0, 13)}: ${error.message}: stopping it by TERM`);
    return constants.signals.SIGTERM;
  }
}
