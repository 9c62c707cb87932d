import { KpodError } from "../errors";
import { isStorageId, type StorageId } from "../names/ids";
import { lookUp } from "../names/lookup";
import type { Container } from "../oci/container";
import type { ServerView } from "../server-parts";
import { readLayerSizes, type LayerSizes } from "../storage/layer-sizes";
import type { ContainerRecord } from "../storage/records";
import type { Store } from "../storage/store";
import { isVanishing } from "./vanished";

/** How much room a container takes, in bytes. */
export interface ContainerSizes {
  /** Its read-write layer. */
  rw: number;
  /** The layers of its image, which it shares with other containers; without the read-write layer. */
  rootFs: number;
}

/**
 * Measures many containers; the store's records are read once, and a layer that several share is measured
 * once. A container that cannot be measured is left out, with a warning; all are when the records of the layers cannot be
 * read.
 * @returns the sizes by the containers' ids
 * @throws KpodError INTERRUPTED
 */
export async function containerSizes(
  server: Pick<ServerView, "store" | "logger">,
  containers: readonly Container[],
  signal?: AbortSignal,
): Promise<Map<string, ContainerSizes>> {
  const sizes = new Map<string, ContainerSizes>();
  const layers = await readableLayerSizes(server, signal);
  if (layers === undefined) return sizes;
  for (const container of containers) {
    const { id, name, layerId } = container;
    try {
      const layer = requireLayer(id, layerId);
      sizes.set(id, { rw: await layers.ofChanges(layer), rootFs: await beneath(layers, layer) });
    } catch (error) {
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
      if (await isVanishing(server, container)) continue;
      server.logger.warn(`container ${id.slice(0, 13)} (${name}): ${error.message}`);
    }
  }
  return sizes;
}

async function readableLayerSizes(
  { store, logger }: Pick<ServerView, "store" | "logger">,
  signal: AbortSignal | undefined,
): Promise<LayerSizes | undefined> {
  try {
    return await readLayerSizes(store, signal);
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    logger.warn(`${error.message}: no size can be told`);
    return undefined;
  }
}

/**
 * Bytes of a container's read-write layer (libkpod: GetContainerRwSize).
 * @param container id or name, as in the store
 * @throws KpodError NOT_FOUND, CORRUPT, NOT_PERMITTED, IO, INTERRUPTED
 */
export async function containerRwSize(
  server: Pick<ServerView, "store">,
  container: string,
  signal?: AbortSignal,
): Promise<number> {
  const layer = await topLayerId(server, container);
  return (await readLayerSizes(server.store, signal)).ofChanges(layer);
}

/**
 * Bytes of the image beneath a container, without its read-write layer (libkpod: GetContainerRootFsSize).
 * @param container id or name, as in the store
 * @throws KpodError NOT_FOUND, CORRUPT, NOT_PERMITTED, IO, INTERRUPTED
 */
export async function containerRootFsSize(
  server: Pick<ServerView, "store">,
  container: string,
  signal?: AbortSignal,
): Promise<number> {
  const layer = await topLayerId(server, container);
  return beneath(await readLayerSizes(server.store, signal), layer);
}

/**
 * The id of a container's read-write layer (libkpod: GetContainerTopLayerID).
 * @param container id or name, as in the store
 * @throws KpodError NOT_FOUND, or CORRUPT when its record names no layer
 */
export async function topLayerId(server: Pick<ServerView, "store">, container: string): Promise<StorageId> {
  const record = await findStorageContainer(server.store, container);
  return requireLayer(record.id, record.layer);
}

async function beneath(layers: LayerSizes, layer: StorageId): Promise<number> {
  return layers.ofChain(layers.parentOf(layer));
}

function requireLayer(id: string, layer: string | undefined): StorageId {
  if (isStorageId(layer)) return layer;
  throw new KpodError("CORRUPT", `the record of container ${id} names no layer`, {
    hint: "the container was made or deleted only by half",
  });
}

/**
 * Finds the record of a container in the store, whoever made it: by full id, by any of its names, or by a
 * unique prefix of the id (libkpod: GetStorageContainer).
 * @throws KpodError NOT_FOUND, or AMBIGUOUS with the candidates
 */
export async function findStorageContainer(store: Store, nameOrId: string): Promise<ContainerRecord> {
  const records = await store.containers();
  const entries = records.map((record) => {
    const [first = ""] = record.names ?? [];
    return { id: record.id, name: record.names?.includes(nameOrId) === true ? nameOrId : first, record };
  });
  return lookUp("container", entries, nameOrId, () => []).record;
}
