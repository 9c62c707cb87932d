import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import type { ServerParts } from "../server-parts";
import { notRunning } from "./kill";
import { noteContainer } from "./note-event";
import { persistState } from "./persist-state";

/**
 * Freezes a running container, or a created one, which is then not started before it is thawed (libkpod:
 * ContainerPause).
 * @throws KpodError BAD_STATE, RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function pauseContainer(server: ServerParts, container: Container): Promise<void> {
  server.requireNode();
  const { status } = await server.runtime.updateStatus(container);
  if (status === "paused") throw new KpodError("BAD_STATE", `container ${container.id} is already paused`);
  if (status !== "running" && status !== "created") {
    throw new KpodError("BAD_STATE", `cannot pause container ${container.id}: ${notRunning(container)}`);
  }
  await server.runtime.pauseContainer(container);
  noteContainer(server, container, "pause");
  await persistState(server, container);
}

/**
 * Thaws a paused container (libkpod: ContainerUnpause).
 * @throws KpodError BAD_STATE, RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function unpauseContainer(server: ServerParts, container: Container): Promise<void> {
  server.requireNode();
  const { status } = await server.runtime.updateStatus(container);
  if (status !== "paused") throw new KpodError("BAD_STATE", `the container ${container.id} is not paused`);
  await server.runtime.unpauseContainer(container);
  noteContainer(server, container, "unpause");
  await persistState(server, container);
}
