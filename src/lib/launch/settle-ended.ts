import { isStorageId } from "../names/ids";
import type { Container } from "../oci/container";
import { persistState } from "../operations/persist-state";
import type { LaunchParts } from "../server-parts";

/**
 * What CRI-O does when a container of its own ends: its file system is unmounted, and its end persisted. Neither minds
 * when somebody has removed it by now.
 */
export async function settleEnded(server: LaunchParts, container: Container): Promise<void> {
  if (isStorageId(container.layerId)) await server.store.unmount(container.layerId, true);
  await persistState(server, container);
}
