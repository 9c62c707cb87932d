import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import { annotations } from "../oci/annotations";
import { Container } from "../oci/container";
import type { RuntimeState } from "../oci/runtime-state";
import { Sandbox } from "../sandbox/sandbox";
import { isStorageId, type StorageId } from "../storage/ids";
import { discardPodFiles, discardRuntime, removeExitFile } from "./discard";

/**
 * Removes what only a runtime still knows: a container of this store whose record is gone, or the infra
 * container of such a pod.
 * @param wanted its full id, or a prefix that fits one only
 * @returns its id; undefined when no runtime knows such a container either
 * @throws KpodError AMBIGUOUS, RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function removeOrphan(server: ContainerServer, wanted: string): Promise<string | undefined> {
  if (!/^[0-9a-f]+$/.test(wanted)) return undefined;
  server.requireNode();
  const orphans = (await server.runtime.listAll()).filter(
    ({ id, bundle }) =>
      id.startsWith(wanted) &&
      isStorageId(id) &&
      // Other users of the runtime have their bundles elsewhere.
      bundle === server.store.runUserdataDirectory(id) &&
      !server.hasContainer(id) &&
      !server.hasSandbox(id),
  );
  if (orphans.length > 1) {
    const candidates = orphans.map(({ id }) => id.slice(0, 13)).join(", ");
    throw new KpodError("AMBIGUOUS", `container ${wanted} is ambiguous, it can be ${candidates}`, {
      hint: "give more of the id",
    });
  }
  const [orphan] = orphans;
  if (orphan === undefined || !isStorageId(orphan.id)) return undefined;
  const container = containerOf(server, orphan.id, orphan);
  await discardRuntime(server, container);
  if (container.infra) discardPodFiles(server, sandboxOf(container));
  await server.store.deleteContainer(orphan.id, layerInSpec(container));
  removeExitFile(server, container);
  return orphan.id;
}

function containerOf(
  server: ContainerServer,
  id: StorageId,
  { annotations: known }: RuntimeState,
): Container {
  return new Container({
    id,
    name: id,
    sandboxId: known[annotations.sandboxId] ?? "",
    metadata: { name: id, attempt: 0 },
    imageName: "",
    imageId: "",
    layerId: "",
    dir: server.store.userdataDirectory(id),
    bundlePath: server.store.runUserdataDirectory(id),
    createdAt: new Date(0),
    infra: known[annotations.containerType] === "sandbox",
  });
}

function sandboxOf(infraContainer: Container): Sandbox {
  const { id } = infraContainer;
  return new Sandbox({ id, name: id, kubeName: id, namespace: "", uid: "", attempt: 0, infraContainer });
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
