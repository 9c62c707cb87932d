import type { ContainerServer } from "../container-server";
import { followLog } from "../logs/follow";
import type { LogLine } from "../logs/log-line";
import type { Container } from "../oci/container";
import { waitForExit } from "../operations/wait";
import { startContainer } from "./create";

/**
 * Starts a created container and hands on what it writes until it has ended; then its file system is
 * unmounted and its end noted, as CRI-O does when a container of its own ends.
 * @param onLine gets each line of its log as conmon writes it, partial ones at once
 * @returns its exit code
 * @throws KpodError RUNTIME_FAILED when it cannot be started
 */
export async function runAttached(
  server: ContainerServer,
  container: Container,
  onLine: (line: LogLine) => void,
): Promise<number> {
  await startContainer(server, container);
  const exit = waitForExit(server, container);
  await followLog(container.logPath, exit, onLine);
  await server.storageRuntimeServer.stopContainer(container.id);
  await server.containerStateToDisk(container);
  return (await exit) ?? 255;
}
