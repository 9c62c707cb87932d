import { dirname, join } from "node:path";
import type { LaunchParts } from "../server-parts";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import { removeContainerInAnyState, removePodInAnyState } from "../operations/remove";
import type { Sandbox } from "../sandbox/sandbox";
import { removeDirectoryIfEmpty, removeIfThere } from "../system/files";

/**
 * Removes a container that was created but could not be started, also its log, in which nothing can stand.
 * Ctrl-C does not break it off.
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT, LOCK_TIMEOUT
 */
export async function rollbackContainer(server: LaunchParts, container: Container): Promise<void> {
  const logPath = logPathOf(server, container);
  await server.store.uninterrupted(() => removeContainerInAnyState(server, container));
  if (logPath !== "") removeLog(logPath);
}

/** Where its log is; kpod's own place where the spec is gone that says it. */
function logPathOf({ config }: Pick<LaunchParts, "config">, container: Container): string {
  try {
    return container.logPath;
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    return join(config.logDir, container.sandboxId, `${container.id}.log`);
  }
}

/**
 * Removes a pod that was made for a container which could not be launched, with its log.
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT, LOCK_TIMEOUT
 */
export async function rollbackPod(server: LaunchParts, sandbox: Sandbox): Promise<void> {
  await server.store.uninterrupted(() => removePodInAnyState(server, sandbox));
  removeLog(join(sandbox.logDirectory(server.config.logDir), `${sandbox.id}.log`));
}

/** Removes a log file, and its directory when it was the only one in it. */
export function removeLog(path: string): void {
  removeIfThere(path);
  removeDirectoryIfEmpty(dirname(path));
}
