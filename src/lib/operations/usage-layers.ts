import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import type { StorageId } from "../names/ids";
import { persistedSize } from "../storage/layer-sizes";
import type { LayerRecord } from "../storage/records";
import type { Store } from "../storage/store";
import type { DiskSpace, SpaceOptions } from "../system/disk-space";

/** Measures what is at a path; undefined, and told, where it cannot be measured. */
export type Measure = (path: string, options?: SpaceOptions) => Promise<DiskSpace | undefined>;

/** Bytes of layers, each of which is looked at once. */
export interface LayerSpace {
  readonly of: (layer: StorageId) => Promise<number>;
  readonly sum: (layers: readonly StorageId[]) => Promise<number>;
}

const blockSize = 512;

/**
 * Bytes of layers.
 * @param persisted true to take what the records say, where they do and the layer is there; else all are measured
 */
export function layerSpace(
  { driver, layout }: Store,
  records: readonly LayerRecord[],
  measure: Measure,
  { persisted }: { readonly persisted: boolean },
): LayerSpace {
  const byId = new Map(records.map((record) => [record.id, record]));
  const known = new Map<StorageId, Promise<number>>();
  const recipeSize = (layer: StorageId): number => {
    const path = join(dirname(layout.layersFiles[0]), `${layer}.tar-split.gz`);
    return blockSize * (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0);
  };
  const find = async (layer: StorageId): Promise<number> => {
    // A layer of vfs is a whole copy of the one beneath it, of which no record tells.
    const usable = persisted && driver.name === "overlay" && driver.has(layer);
    const size = usable ? persistedSize(byId.get(layer)) : undefined;
    return (size ?? (await layerDirectorySpace(driver, layer, measure)).freed) + recipeSize(layer);
  };
  const of = (layer: StorageId): Promise<number> => {
    const size = known.get(layer) ?? find(layer);
    known.set(layer, size);
    return size;
  };
  const sum = async (layers: readonly StorageId[]): Promise<number> => {
    let bytes = 0;
    for (const layer of layers) bytes += await of(layer);
    return bytes;
  };
  return { of, sum };
}

/** The directory of a layer without what is mounted in it. */
async function layerDirectorySpace(
  driver: Store["driver"],
  layer: StorageId,
  measure: Measure,
): Promise<DiskSpace> {
  const space = await measure(driver.directory(layer), { except: "merged" });
  return space ?? { used: 0, freed: 0 };
}

/** What overlay has in the directory of a read-write layer beside its files; the kernel empties `work` itself. */
const ofDriver = ["", "/link", "/lower", "/work", "/work/work"];

/** The same for the read-write layer of a container, of which a node has a thousand: what is in it is known. */
export async function containerLayerSpace(
  driver: Store["driver"],
  layer: StorageId,
  measure: Measure,
): Promise<DiskSpace> {
  if (driver.name === "vfs") return layerDirectorySpace(driver, layer, measure);
  const directory = driver.directory(layer);
  const beside = ofDriver.map((path) => `${directory}${path}`);
  return (await measure(driver.diffPath(layer), { beside })) ?? { used: 0, freed: 0 };
}
