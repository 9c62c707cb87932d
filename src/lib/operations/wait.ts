import { mkdirSync, watch, type FSWatcher } from "node:fs";
import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import { readExitFile } from "../oci/exit-file";
import { isProcessAlive } from "../system/process";

/** Milliseconds between looks at the process itself, for the case that nobody writes its end down. */
const processCheckInterval = 1_000;

/** Milliseconds that conmon has, once the process is gone, to write the exit file. */
const exitFileGrace = 2_000;

/**
 * Waits until a container has ended. The exit file tells by inotify; a process that ends without one (its
 * conmon is dead) is noticed too.
 * @returns its exit code; 255 when nobody knows it
 * @throws KpodError INTERRUPTED when the signal ends the wait
 */
export async function waitForExit(
  server: ContainerServer,
  container: Container,
  signal?: AbortSignal,
): Promise<number> {
  const { containerExitsDir: exitsDir } = server.config;
  const { id, dir } = container;
  const pid = container.state?.initPid ?? container.state?.pid ?? 0;
  const startTime = container.state?.initStartTime;
  mkdirSync(exitsDir, { recursive: true });
  let goneSince: number | undefined;
  const ended = (): boolean => {
    if (readExitFile({ id, dir, exitsDir }) !== undefined) return true;
    if (pid === 0 || isProcessAlive(pid, startTime)) return false;
    goneSince ??= performance.now();
    return performance.now() - goneSince > exitFileGrace;
  };
  await new Promise<void>((resolve, reject) => {
    const watchers: FSWatcher[] = [];
    const finish = (settle: () => void): void => {
      for (const watcher of watchers) watcher.close();
      clearInterval(timer);
      signal?.removeEventListener("abort", interrupt);
      settle();
    };
    const look = (): void => {
      if (ended()) finish(resolve);
    };
    const interrupt = (): void => {
      finish(() => {
        reject(new KpodError("INTERRUPTED", `interrupted while waiting for container ${id}`));
      });
    };
    const timer = setInterval(look, processCheckInterval);
    signal?.addEventListener("abort", interrupt);
    for (const directory of [exitsDir, dir]) watchers.push(watch(directory, look));
    // It may have ended before the watches stood.
    if (signal?.aborted === true) interrupt();
    else look();
  });
  const state = await server.runtime.updateStatus(container);
  return state.exitCode ?? 255;
}
