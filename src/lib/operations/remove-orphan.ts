import type { ServerParts } from "../server-parts";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import { isStorageId, type StorageId } from "../names/ids";
import { removePodFiles, removeFromRuntime, removeExitFile } from "./remove-runtime";
import { findOrphans } from "./orphans";

/**
 * Removes what only a runtime or a conmon still knows: a container of this store whose record is gone, or the infra
 * container of such a pod.
 * @param wanted its full id, or a prefix that fits one only
 * @returns its id; undefined when nobody knows of such a container either
 * @throws KpodError AMBIGUOUS, RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function removeOrphan(server: ServerParts, wanted: string): Promise<string | undefined> {
  if (!/^[0-9a-f]+$/.test(wanted)) return undefined;
  server.requireNode();
  const orphans = (await findOrphans(server)).filter(({ container }) => container.id.startsWith(wanted));
  if (orphans.length > 1) {
    const candidates = orphans.map(({ container }) => container.id.slice(0, 13)).join(", ");
    throw new KpodError("AMBIGUOUS", `container ${wanted} is ambiguous, it can be ${candidates}`, {
      hint: "give more of the id",
    });
  }
  const [orphan] = orphans;
  if (orphan === undefined) return undefined;
  const { container, sandbox } = orphan;
  const { id } = container;
  if (!isStorageId(id)) return undefined;
  const layer = layerInSpec(container);
  // Its runtime may have left the configuration, as the conmon that still lives may be all that is left.
  await removeFromRuntime(server, container, true);
  if (container.infra) removePodFiles(server, sandbox);
  await server.store.deleteContainer(id, layer);
  removeExitFile(server, container);
  return id;
}

/** The read-write layer that the spec of an orphan still names. */
function layerInSpec(container: Container): StorageId | undefined {
  try {
    const layer = /\/overlay\/([0-9a-f]{64})\/merged$/.exec(container.spec.root?.path ?? "")?.[1];
    return isStorageId(layer) ? layer : undefined;
  } catch (error) {
    // Without a spec its layer cannot be told from any other.
    if (!(error instanceof KpodError)) throw error;
    return undefined;
  }
}
