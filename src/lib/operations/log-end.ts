import { findMonitor } from "../oci/conmon/find";
import type { Container } from "../oci/container";
import { readExitFile } from "../oci/state/exit-file";
import type { ServerView } from "../server-parts";
import { isAlive } from "../system/process";
import { waitUntil } from "../system/wait-until";
import { describeHang } from "./end-processes";
import { waitForExit } from "./wait";

/** Milliseconds that conmon has, once its container has ended, to write out what that has left in its pipes. */
const conmonTimeLimit = 10_000;

/**
 * Waits until nothing more is written to a container's log: the container has ended, and its conmon has written
 * out what it had read, after which it writes the exit file. The runtime is asked only when there is none.
 * @throws KpodError INTERRUPTED when the signal ends the wait
 */
export async function waitForLogEnd(
  server: Pick<ServerView, "config" | "store" | "runtime" | "logger">,
  container: Container,
  signal?: AbortSignal,
): Promise<void> {
  const { id, dir } = container;
  const exitWritten = (): boolean =>
    readExitFile({ id, dir, exitsDir: server.config.containerExitsDir }) !== undefined;
  if (exitWritten()) return;
  await server.runtime.updateStatus(container);
  await waitForExit(server, container, { signal });
  const monitor = exitWritten() ? undefined : findMonitor(container);
  if (monitor === undefined) return;
  const isOver = (): boolean => exitWritten() || !isAlive(monitor);
  const limits = { timeoutMs: conmonTimeLimit, signal };
  if (await waitUntil(`the log of container ${id}`, isOver, limits)) return;
  const conmon = describeHang(monitor.pid);
  server.logger.warn(`the log of container ${id.slice(0, 13)} may lack its end: ${conmon} does not write it`);
}
