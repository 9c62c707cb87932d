import type { RecordPlace } from "../config";
import type { Logger } from "../logger";
import type { StorageId } from "./ids";
import { isRecord } from "../system/files";
import type { StoreLayout } from "./layout";
import { dropRecord, editRecords, readRecords, type LayerRecord } from "./records";

/** The layers of a store: of images, and the read-write layers of containers. */
export function readLayers(layout: StoreLayout, logger: Logger): LayerRecord[] {
  return [...layout.layersFiles, ...layout.sharedLayersFiles].flatMap((file) =>
    readRecords<LayerRecord>(file, logger),
  );
}

/**
 * Adds the record of a container's layer. Its directory must be complete: a record without one makes CRI-O wipe the
 * store.
 */
export function addLayer(
  layout: StoreLayout,
  touch: () => void,
  record: LayerRecord,
  place: RecordPlace,
): void {
  const [stable, volatile] = layout.layersFiles;
  // What is left of a container that was made by half may have the name: one name must mean one layer.
  for (const file of layout.layersFiles)
    editRecords(file, touch, (entries) => withoutNames(entries, record.names ?? []));
  editRecords(place === "volatile" ? volatile : stable, touch, (entries) => [...entries, record]);
}

/** Drops a layer's record from whichever file has it. Its directory is to be deleted after, never before. */
export function dropLayer(layout: StoreLayout, touch: () => void, id: StorageId): void {
  dropRecord(layout.layersFiles, touch, id);
}

function withoutNames(entries: readonly unknown[], taken: readonly string[]): readonly unknown[] {
  const has = (entry: unknown): entry is { names: unknown[] } =>
    isRecord(entry) && Array.isArray(entry.names) && entry.names.some((name) => taken.includes(String(name)));
  if (!entries.some(has)) return entries;
  return entries.map((entry) =>
    has(entry) ? { ...entry, names: entry.names.filter((name) => !taken.includes(String(name))) } : entry,
  );
}
