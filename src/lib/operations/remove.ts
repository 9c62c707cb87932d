import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import { discardContainer } from "./discard";

/**
 * Removes a container (libkpod: Remove): first from its runtime, then conmon ends, then its mount, records,
 * layer and directories go. What is half gone already does not keep the rest from going.
 * @param force also one that runs (it is killed), whose state nobody knows, or whose runtime has left the configuration
 * @throws KpodError BAD_STATE, RUNTIME_FAILED, RUNTIME_TIMEOUT, BAD_CONFIG, LOCK_TIMEOUT
 */
export async function removeContainer(
  server: ContainerServer,
  container: Container,
  force: boolean,
): Promise<void> {
  server.requireNode();
  const { status } = await server.runtime.updateStatus(container);
  if (status === "paused") {
    throw new KpodError("BAD_STATE", `cannot remove paused container ${container.id}`, {
      hint: "unpause or kill it first",
    });
  }
  if (status === "running" && !force) {
    throw new KpodError("BAD_STATE", `cannot remove running container ${container.id}`, {
      hint: "stop it first or use -f",
    });
  }
  if (status === "unknown" && !force) {
    throw new KpodError("BAD_STATE", `cannot remove container ${container.id}: its state is unknown`, {
      hint: "use -f if it does not run any more",
    });
  }
  await discardContainer(server, container, force);
}
