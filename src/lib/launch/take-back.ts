import { dirname, join } from "node:path";
import type { ContainerServer } from "../container-server";
import type { Container } from "../oci/container";
import { discardContainer, discardPod } from "../operations/discard";
import type { Sandbox } from "../sandbox/sandbox";
import { removeDirectoryIfEmpty } from "../system/files";
import { removeIfThere } from "../system/remove";

/**
 * Removes a container that was created but could not be started, also its log, in which nothing can stand.
 * Ctrl-C does not break it off.
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT, LOCK_TIMEOUT
 */
export async function takeBackContainer(server: ContainerServer, container: Container): Promise<void> {
  const { logPath } = container;
  await server.store.uninterrupted(() => discardContainer(server, container));
  if (logPath !== "") removeLog(logPath);
}

/**
 * Removes a pod that was made for a container which could not be launched, with its log.
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT, LOCK_TIMEOUT
 */
export async function takeBackPod(server: ContainerServer, sandbox: Sandbox): Promise<void> {
  await server.store.uninterrupted(() => discardPod(server, sandbox));
  removeLog(join(sandbox.logDirectory(server.config.logDir), `${sandbox.id}.log`));
}

/** Removes a log file, and its directory when it was the only one in it. */
export function removeLog(path: string): void {
  removeIfThere(path);
  removeDirectoryIfEmpty(dirname(path));
}
