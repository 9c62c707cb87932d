import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import { Container } from "../oci/container";
import { listRuntimeStates } from "../oci/runtime-state";
import { isStorageId, type StorageId } from "../storage/ids";
import { discardContainer, discardRuntime } from "./discard";

/**
 * Removes a container (libkpod: Remove): first from its runtime, then conmon ends, then its mount, records,
 * layer and directories go. What is half gone already does not keep the rest from going.
 * @param force also one that runs (it is killed) or whose state nobody knows
 * @throws KpodError BAD_STATE, RUNTIME_FAILED, RUNTIME_TIMEOUT, LOCK_TIMEOUT
 */
export async function removeContainer(
  server: ContainerServer,
  container: Container,
  force: boolean,
): Promise<void> {
  const { status } = await server.runtime.updateStatus(container);
  if (status === "paused") {
    throw new KpodError("BAD_STATE", `cannot remove paused container ${container.id}`, {
      hint: "unpause or kill it first",
    });
  }
  if (status === "running" && !force) {
    throw new KpodError("BAD_STATE", `cannot remove running container ${container.id}`, {
      hint: "stop it first or use -f",
    });
  }
  if (status === "unknown" && !force) {
    throw new KpodError("BAD_STATE", `cannot remove container ${container.id}: its state is unknown`, {
      hint: "use -f if it does not run any more",
    });
  }
  await discardContainer(server, container);
}

/**
 * Removes what only the runtime still knows: a container of this store whose record is gone.
 * @param wanted its full id, or a prefix that fits one only
 * @returns its id; undefined when the runtime knows no such container either
 * @throws KpodError AMBIGUOUS, RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function removeOrphan(server: ContainerServer, wanted: string): Promise<string | undefined> {
  if (!/^[0-9a-f]+$/.test(wanted)) return undefined;
  const states = await listRuntimeStates(server.runtime.handler());
  const orphans = [...states.values()].filter(
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
  const id = orphans[0]?.id;
  if (!isStorageId(id)) return undefined;
  const container = new Container({
    id,
    name: id,
    sandboxId: "",
    metadata: { name: id, attempt: 0 },
    imageName: "",
    imageId: "",
    layerId: "",
    dir: server.store.userdataDirectory(id),
    bundlePath: server.store.runUserdataDirectory(id),
    createdAt: new Date(0),
    infra: false,
  });
  await discardRuntime(server, container);
  await server.store.deleteContainer(id, layerInSpec(container));
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
