import type { ContainerServer } from "../container-server";
import type { Container } from "../oci/container";
import { writeStateFile } from "../oci/runtime";

/**
 * Asks for a container's state and notes it in state.json, CRI-O's memory of it. A state that nobody could
 * tell is not noted.
 */
export async function noteState(server: ContainerServer, container: Container): Promise<void> {
  const state = await server.runtime.updateStatus(container);
  if (state.status !== "unknown") writeStateFile(container, state);
}
