import { constants } from "node:os";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import { killMarker } from "../oci/state/exit-file";
import { killedExitCode } from "../oci/state/resolved";
import type { ServerParts, ServerView } from "../server-parts";
import { removeIfThere, writeFileAtomic } from "../system/files";
import { noteContainer, noteEnd } from "./note-event";
import { persistFoundDead, persistLostExit, persistState } from "./persist-state";
import { exitFileGrace, waitForExit } from "./wait";

/**
 * Milliseconds that a killed container has to be gone, and its conmon to write that down, before kpod returns; it may take
 * longer without harm. In less than conmon has for it, nobody would see that conmon does not.
 */
const killedWait = exitFileGrace + 2_000;

/**
 * Sends a signal to a container's first process (libkpod: ContainerKill). KILL reaches a paused one too.
 * @param signal number of the signal
 * @throws KpodError BAD_STATE when it does not run, RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function killContainer(
  server: ServerParts,
  container: Container,
  signal: number,
): Promise<void> {
  server.requireNode();
  const { status } = await server.runtime.updateStatus(container);
  if (status !== "running" && status !== "paused") {
    if (status === "stopped") await persistFoundDead(server, container);
    throw new KpodError("BAD_STATE", `cannot kill container ${container.id}: ${notRunning(container)}`);
  }
  // Before it is sent: what it ends is told after it.
  noteContainer(server, container, "kill", { attributes: { signal: String(signal) } });
  try {
    await sendSignal(server, container, signal);
  } catch (error) {
    // It ended in this moment, or somebody removed it.
    if ((await server.runtime.updateStatus(container)).status !== "stopped") throw error;
    throw new KpodError("BAD_STATE", `cannot kill container ${container.id}: ${notRunning(container)}`, {
      cause: error,
    });
  }
  if (signal !== constants.signals.SIGKILL) return;
  const ended = await waitForExit(server, container, {
    timeoutMs: killedWait,
    signal: server.store.interruption,
    killed: true,
  });
  if (ended !== undefined) await persistLostExit(server, container, killedExitCode);
  await persistState(server, container);
  if (ended !== undefined) noteEnd(server, container);
}

/**
 * Sends a signal, and makes sure that KILL takes effect: a frozen process dies only when it is thawed.
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function sendSignal(
  server: Pick<ServerView, "runtime" | "logger">,
  container: Container,
  signal: number,
): Promise<void> {
  if (signal !== constants.signals.SIGKILL) return server.runtime.killContainer(container, signal);
  const paused = container.state?.status === "paused";
  // Where no conmon writes down how it ended, another kpod may find it dead before this one has written that.
  markKilled(server, container);
  try {
    await server.runtime.killContainer(container, signal);
  } catch (error) {
    removeIfThere(join(container.bundlePath, killMarker));
    throw error;
  }
  if (!paused) return;
  try {
    await server.runtime.unpauseContainer(container);
  } catch (error) {
    // Newer runtimes thaw it themselves; then there is nothing left to resume.
    if ((await server.runtime.updateStatus(container)).status === "paused") throw error;
  }
}

function markKilled(
  { logger }: Pick<ServerView, "logger">,
  { id, bundlePath }: Pick<Container, "id" | "bundlePath">,
): void {
  if (!existsSync(bundlePath)) return;
  try {
    writeFileAtomic(join(bundlePath, killMarker), "", 0o644);
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    // It is killed all the same.
    logger.warn(`that container ${id.slice(0, 13)} is killed is not persisted: ${error.message}`);
  }
}

/** Why a container cannot be acted on that should run. */
export function notRunning({ state }: Container): string {
  if (state?.status === "creating") return "it is still being made";
  return state?.status === "unknown" ? "its state is unknown" : "it is not running";
}
