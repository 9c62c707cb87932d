import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { diskUsage } from "../system/disk-usage";
import { isStorageId, type StorageId } from "../names/ids";
import { layerChain } from "./images";
import type { ImageRecord, LayerRecord } from "./records";
import type { Store } from "./store";

/** Measures layers; each one that has to be walked is walked once. */
export interface LayerSizes {
  /**
   * Bytes of what a layer itself changed, from its directory: for the read-write layers of containers.
   * @throws KpodError NOT_FOUND when the directory is gone, NOT_PERMITTED, IO, INTERRUPTED
   */
  readonly ofChanges: (layer: StorageId) => Promise<number>;
  /** Bytes of one layer, from the store's records where they tell, else as {@link ofChanges}. */
  readonly ofLayer: (layer: StorageId) => Promise<number>;
  /**
   * Bytes of a layer and all beneath it, from the store's records where they tell, else from the directories.
   * @throws KpodError CORRUPT when a layer has no record, and as {@link ofChanges}
   */
  readonly ofChain: (top: string | undefined) => Promise<number>;
  /** The layer beneath one; undefined for the lowest, and for one without a record. */
  readonly parentOf: (layer: StorageId) => string | undefined;
  /** A layer and those beneath it that have records, from the top down. */
  readonly chainOf: (top: string | undefined) => StorageId[];
}

/** Reads the records of the layers, for measuring any number of them. @throws KpodError CORRUPT, IO */
export async function readLayerSizes(store: Store, signal?: AbortSignal): Promise<LayerSizes> {
  const records = new Map((await store.layers()).map((record) => [record.id, record]));
  const parents = new Map([...records].map(([id, { parent }]) => [id, parent]));
  const walked = new Map<StorageId, Promise<number>>();

  const ofChanges = async (layer: StorageId): Promise<number> => {
    const { driver } = store;
    const parent = parents.get(layer);
    // vfs has no directory of changes: each layer is a whole copy of the one beneath it.
    const base = driver.name === "vfs" && isStorageId(parent) ? driver.diffPath(parent) : undefined;
    return diskUsage(driver.diffPath(layer), { base, signal });
  };
  const ofLayer = (layer: StorageId): Promise<number> => {
    const persisted = persistedSize(records.get(layer));
    if (persisted !== undefined) return Promise.resolve(persisted);
    const size = walked.get(layer) ?? ofChanges(layer);
    walked.set(layer, size);
    return size;
  };
  const ofChain = async (top: string | undefined): Promise<number> => {
    const chain = layerChain(parents, top);
    const missing = missingLayer(parents, top, chain);
    if (missing !== undefined) {
      throw new KpodError("CORRUPT", `layer ${missing.slice(0, 13)} has no record in the store`);
    }
    let bytes = 0;
    for (const layer of chain) bytes += await ofLayer(layer);
    return bytes;
  };
  const chainOf = (top: string | undefined): StorageId[] => layerChain(parents, top);
  return { ofChanges, ofLayer, ofChain, parentOf: (layer) => parents.get(layer), chainOf };
}

/** The layer of a chain that has no record; undefined when the chain is whole. */
function missingLayer(
  parents: ReadonlyMap<StorageId, string | undefined>,
  top: string | undefined,
  chain = layerChain(parents, top),
): string | undefined {
  const lowest = chain.at(-1);
  const missing = lowest === undefined ? top : parents.get(lowest);
  return missing === "" ? undefined : missing;
}

/**
 * Tells the bytes of an image, as the records of its layers have them; undefined when they do not know. Of layers that
 * are missing, and of records that cannot be read, it warns.
 * @throws KpodError INTERRUPTED
 */
export async function persistedImageSizes(
  store: Pick<Store, "layers">,
  logger: Logger,
): Promise<(image: ImageRecord) => number | undefined> {
  let layers: LayerRecord[];
  try {
    layers = await store.layers();
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    logger.warn(`${error.message}: no size of an image can be told`);
    return () => undefined;
  }
  const parents = new Map(layers.map(({ id, parent }) => [id, parent]));
  const sizeOf = persistedChainSizes(layers);
  return ({ id, names, layer }) => {
    const missing = missingLayer(parents, layer);
    if (missing === undefined) return sizeOf(layer);
    const what = `image ${id.slice(0, 13)} (${names?.[0] ?? "without a name"})`;
    logger.warn(`${what}: its layer ${missing.slice(0, 13)} has no record in the store`);
    return undefined;
  };
}

/** Tells the bytes of a layer and all beneath it, as the records have them; undefined when they do not know. */
export function persistedChainSizes(
  layers: readonly LayerRecord[],
): (top: string | undefined) => number | undefined {
  const records = new Map(layers.map((record) => [record.id, record]));
  const parents = new Map(layers.map(({ id, parent }) => [id, parent]));
  return (top) => {
    const chain = layerChain(parents, top);
    if (missingLayer(parents, top, chain) !== undefined) return undefined;
    return chain.reduce<number | undefined>((sum, id) => {
      const size = persistedSize(records.get(id));
      return sum === undefined || size === undefined ? undefined : sum + size;
    }, 0);
  };
}

/** The size stands in the record along with the digest of the same content; 0 is left out, -1 is unknown. */
export function persistedSize(record: LayerRecord | undefined): number | undefined {
  const size = record?.["diff-size"] ?? (record?.["diff-digest"] === undefined ? -1 : 0);
  return typeof size === "number" && size >= 0 ? size : undefined;
}
