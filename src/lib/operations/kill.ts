import { constants } from "node:os";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import type { ServerParts, ServerView } from "../server-parts";
import { noteContainer, noteEnd } from "./note-event";
import { persistFoundDead, persistLostExit, persistState } from "./persist-state";
import { exitFileGrace, waitForExit } from "./wait";

/** The exit code of a container that KILL ended. */
export const killedExitCode = 137;

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
  server: Pick<ServerView, "runtime">,
  container: Container,
  signal: number,
): Promise<void> {
  const paused = container.state?.status === "paused";
  await server.runtime.killContainer(container, signal);
  if (!paused || signal !== constants.signals.SIGKILL) return;
  try {
    await server.runtime.unpauseContainer(container);
  } catch (error) {
    // Newer runtimes thaw it themselves; then there is nothing left to resume.
    if ((await server.runtime.updateStatus(container)).status === "paused") throw error;
  }
}

/** Why a container cannot be acted on that should run. */
export function notRunning({ state }: Container): string {
  if (state?.status === "creating") return "it is still being made";
  return state?.status === "unknown" ? "its state is unknown" : "it is not running";
}
