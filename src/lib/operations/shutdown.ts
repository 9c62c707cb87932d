import type { ServerParts } from "../server-parts";
import { KpodError } from "../errors";
import type { Sandbox } from "../sandbox/sandbox";
import { isStorageId } from "../names/ids";

/**
 * Unmounts what only stopped containers had mounted, and what the graph driver itself mounted once no layer is mounted
 * any more (libkpod: Shutdown).
 */
export async function shutDown(server: ServerParts): Promise<void> {
  if (!server.store.exists()) return;
  server.requireNode();
  await server.update();
  const pods = server.lists.listSandboxes().filter((sandbox) => !isSpoofed(server, sandbox));
  for (const { state, layerId } of [
    ...server.lists.listContainers(),
    ...pods.map(({ infraContainer }) => infraContainer),
  ]) {
    if (state?.status === "stopped" && isStorageId(layerId)) await server.store.unmount(layerId, true);
  }
  await server.store.shutdown();
}

/** True for a pod that needs no process: without one its infra container is not stopped. */
function isSpoofed({ logger }: ServerParts, sandbox: Sandbox): boolean {
  try {
    return sandbox.spoofed;
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    logger.warn(error.message);
    return false;
  }
}
