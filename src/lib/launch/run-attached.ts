import type { ContainerServer } from "../container-server";
import type { LogLine } from "../logs/log-line";
import { forEachLogLine } from "../logs/read-log";
import type { Container } from "../oci/container";
import { unknownExitCode } from "../oci/state/resolved";
import { waitForLogEnd } from "../operations/log-end";
import { persistState } from "../operations/persist-state";
import { waitForExit } from "../operations/wait";
import { isStorageId } from "../storage/ids";
import { startContainer } from "./create";

/**
 * Starts a created container and hands on what it writes until it has ended; then its file system is
 * unmounted and its end noted, as CRI-O does when a container of its own ends.
 * @param onLine gets each line of its log as conmon writes it, also one that is not ended yet
 * @returns its exit code
 * @throws KpodError RUNTIME_FAILED when it cannot be started
 */
export async function runAttached(
  server: ContainerServer,
  container: Container,
  onLine: (line: LogLine) => void,
): Promise<number> {
  await startContainer(server, container);
  const ended = waitForLogEnd(server, container);
  await forEachLogLine(container.logPath, { ended, unfinished: true }, onLine);
  // Its conmon has written down how it ended by now.
  const exit = await waitForExit(server, container);
  // Neither minds when somebody has removed it by now.
  if (isStorageId(container.layerId)) await server.store.unmount(container.layerId, true);
  await persistState(server, container);
  return exit ?? unknownExitCode;
}
