import { dirname, join } from "node:path";
import type { RecordsFile } from "../config";
import type { Logger } from "../logger";
import type { StorageId } from "../names/ids";
import { isRecord } from "../system/files";
import type { StoreLayout } from "./layout";
import { editRecords, hasId, readRecords, type LayerRecord } from "./records";

/** The layers of a store: of images, and the read-write layers of containers. */
export function readLayers(layout: StoreLayout, logger: Logger): LayerRecord[] {
  return [...layout.layersFiles, ...layout.sharedLayersFiles].flatMap((file) =>
    readRecords<LayerRecord>(file, logger),
  );
}

/** What the store keeps of a layer beside its directory: the recipe of its tar, and its big data. */
export function layerDataPaths({ layersLock }: StoreLayout, layer: StorageId): readonly [string, string] {
  const path = join(dirname(layersLock), layer);
  return [`${path}.tar-split.gz`, path];
}

/**
 * Adds the record of a container's layer. As long as its directory is not complete the record must say so: one without
 * its directory makes CRI-O wipe the store.
 */
export function addLayer(
  layout: StoreLayout,
  touch: () => void,
  record: LayerRecord,
  place: RecordsFile,
): void {
  const [stable, volatile] = layout.layersFiles;
  // What is left of a container that was made by half may have the name: one name must mean one layer.
  for (const file of layout.layersFiles)
    editRecords(file, touch, (entries) => withoutNames(entries, record.names ?? []));
  editRecords(place === "volatile" ? volatile : stable, touch, (entries) => [...entries, record]);
}

/** Removes the records of layers from whichever file has them. Their directories are gone by now, or were never there. */
export function removeLayerRecords(layout: StoreLayout, touch: () => void, ids: readonly StorageId[]): void {
  for (const file of layout.layersFiles) {
    editRecords(file, touch, (entries) => {
      const others = entries.filter((entry) => !ids.some((id) => hasId(entry, id)));
      return others.length === entries.length ? entries : others;
    });
  }
}

/** The flag of a layer whose directory is being made or deleted: what a crash leaves of it, anyone may delete. */
const incomplete = "incomplete";

/** True for the record of a layer that is being made or deleted, or was when somebody crashed. */
export function isIncomplete({ flags }: LayerRecord): boolean {
  return flags?.[incomplete] === true;
}

/** The flags of the record of a layer that is about to be made. */
export const incompleteFlags: Readonly<Record<string, unknown>> = { [incomplete]: true };

/** Marks layers that are about to be deleted, where they have records. */
export function markIncomplete(layout: StoreLayout, touch: () => void, ids: readonly StorageId[]): void {
  changeFlags(layout, touch, ids, (flags) =>
    flags[incomplete] === true ? undefined : { ...flags, [incomplete]: true },
  );
}

/** Removes the mark of a layer that is there in full. */
export function markComplete(layout: StoreLayout, touch: () => void, id: StorageId): void {
  changeFlags(layout, touch, [id], (flags) =>
    Object.fromEntries(Object.entries(flags).filter(([name]) => name !== incomplete)),
  );
}

/** @param change returns undefined where nothing is to change */
function changeFlags(
  layout: StoreLayout,
  touch: () => void,
  ids: readonly StorageId[],
  change: (flags: Record<string, unknown>) => Record<string, unknown> | undefined,
): void {
  for (const file of layout.layersFiles) {
    editRecords(file, touch, (entries) => {
      const after = entries.map((entry) => {
        if (!isRecord(entry) || !ids.some((id) => hasId(entry, id))) return entry;
        const flags = change(isRecord(entry.flags) ? entry.flags : {});
        if (flags === undefined) return entry;
        if (Object.keys(flags).length > 0) return Object.assign({}, entry, { flags });
        return Object.fromEntries(Object.entries(entry).filter(([name]) => name !== "flags"));
      });
      return after.every((entry, index) => entry === entries[index]) ? entries : after;
    });
  }
}

function withoutNames(entries: readonly unknown[], taken: readonly string[]): readonly unknown[] {
  const has = (entry: unknown): entry is { names: unknown[] } =>
    isRecord(entry) && Array.isArray(entry.names) && entry.names.some((name) => taken.includes(String(name)));
  if (!entries.some(has)) return entries;
  return entries.map((entry) =>
    has(entry) ? { ...entry, names: entry.names.filter((name) => !taken.includes(String(name))) } : entry,
  );
}
