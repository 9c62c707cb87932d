import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import { readConmonPid } from "../oci/conmon";
import type { Container } from "../oci/container";
import { readExitFile } from "../oci/exit-file";
import { readCommandLine } from "../system/process";
import { waitForExit } from "./wait";

/** Milliseconds between looks at a conmon that still writes what an ended container has left in its pipes. */
const conmonCheckInterval = 20;

/**
 * Waits until nothing more is written to a container's log: the container has ended, and its conmon has written
 * out what it had read, after which it writes the exit file. The runtime is asked only when there is none.
 * @throws KpodError INTERRUPTED when the signal ends the wait
 */
export async function waitForLogEnd(
  server: ContainerServer,
  container: Container,
  signal?: AbortSignal,
): Promise<void> {
  const { id, dir } = container;
  const exitWritten = (): boolean =>
    readExitFile({ id, dir, exitsDir: server.config.containerExitsDir }) !== undefined;
  if (exitWritten()) return;
  await server.runtime.updateStatus(container);
  await waitForExit(server, container, { signal });
  while (!exitWritten() && hasConmon(container)) {
    if (signal?.aborted === true) {
      throw new KpodError("INTERRUPTED", `interrupted while waiting for the log of container ${id}`);
    }
    await sleep(conmonCheckInterval);
  }
}

/** True while the container's conmon lives; also when its pid went to another process, that is told apart. */
function hasConmon({ id, bundlePath }: Container): boolean {
  const pid = readConmonPid(bundlePath);
  return pid !== undefined && readCommandLine(pid)?.includes(id) === true;
}
