import { isStorageId } from "../names/ids";
import type { ServerParts } from "../server-parts";
import { isSpoofed } from "./tolerant";

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
