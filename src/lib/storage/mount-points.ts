import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { KpodError } from "../errors";
import { isMountPoint } from "../system/mount";
import { parseExactJson } from "../system/exact-json";
import {
  fileLimits,
  isRecord,
  parseJson,
  readTextIfThere,
  removeIfThere,
  writeFileAtomic,
} from "../system/files";
import type { StorageId } from "../names/ids";
import type { GraphDriver } from "./driver";
import type { StoreLayout } from "./layout";
import { tornRecordsHint } from "./records";

/** What of a store is mounted, and by what. */
interface MountingStore {
  readonly layout: StoreLayout;
  readonly driver: GraphDriver;
}

/** An entry of mountpoints.json: a layer that is mounted, and for how many users. */
export interface MountPoint {
  id: string;
  path: string;
  count: number;
}

/** The mounts that are listed in the runroot. A node that was not used since boot has none. */
export function readMountPoints(layout: StoreLayout): MountPoint[] {
  return entriesOf(parseJson(layout.mountsFile, readText(layout), tornRecordsHint)).filter(isMountPointEntry);
}

function readText({ mountsFile }: StoreLayout): string {
  const text = readTextIfThere(mountsFile, fileLimits.records) ?? "";
  return text.trim() === "" ? "[]" : text;
}

function entriesOf(content: unknown): readonly unknown[] {
  return Array.isArray(content) ? content : [];
}

function isMountPointEntry(entry: unknown): entry is MountPoint {
  return (
    isRecord(entry) &&
    typeof entry.id === "string" &&
    typeof entry.path === "string" &&
    typeof entry.count === "number"
  );
}

/** Prepares the directory of mountpoints.json and its lock. */
export function makeMountsDirectory(layout: StoreLayout): void {
  mkdirSync(dirname(layout.mountsFile), { recursive: true, mode: 0o700 });
}

/**
 * Mounts a layer, unless it is mounted for somebody already, and counts its user. Needs the locks of the layers and of
 * the mount points for writing.
 * @returns where it appears
 * @throws KpodError CORRUPT when its directory is missing, IO
 */
export function mountLayer(
  { layout, driver }: MountingStore,
  touch: () => void,
  layer: StorageId,
  label: string,
  readOnly: boolean,
): string {
  if (!driver.has(layer)) {
    throw new KpodError("CORRUPT", `the directory of layer ${layer} is missing`, {
      hint: "the container cannot be mounted any more: remove it",
    });
  }
  const path = driver.mountPath(layer);
  if (addMountUser(layout, touch, layer, path) > 0) return path;
  try {
    driver.mount(layer, label, readOnly);
  } catch (error) {
    removeMountPoint(layout, touch, layer);
    throw error;
  }
  return path;
}

/** Whose users a mount loses: one of them, one unless it is the last, or all. */
export type UnmountExtent = "all" | "one" | "one-of-several";

/** How a mount is taken away. */
export interface UnmountOptions {
  /** False has one refused that somebody works in, with the operating system's EBUSY; else it goes for new looks at once. */
  readonly busy?: boolean;
}

/**
 * Removes users of a layer's mount, and unmounts it after the last. Needs the same locks.
 * @returns whether it is still mounted for others
 * @throws KpodError BAD_STATE for the last one of what should have several; IO
 */
export function unmountLayer(
  { layout, driver }: MountingStore,
  touch: () => void,
  layer: StorageId,
  extent: UnmountExtent,
  options: UnmountOptions = {},
): boolean {
  const users = usersOf(layout, layer);
  if (extent === "one-of-several" && users <= 1) {
    if (users === 0 && !isMountPoint(driver.mountPath(layer))) return false;
    throw new KpodError("BAD_STATE", `nobody else has layer ${layer.slice(0, 13)} mounted`);
  }
  if (extent !== "all" && users > 1) {
    changeMountPoints(layout, touch, (entries) =>
      entries.map((entry) => (isOf(layer, entry) ? { ...entry, count: users - 1 } : entry)),
    );
    return true;
  }
  driver.unmount(layer, options);
  removeMountPoint(layout, touch, layer);
  return false;
}

/** How many users the mount of a layer has, as far as it is listed. */
export function usersOf(layout: StoreLayout, id: StorageId): number {
  return readMountPoints(layout).find((entry) => entry.id === id)?.count ?? 0;
}

/**
 * Adds one more user of a mounted layer.
 * @returns how many users the layer had; none when a mount is gone that is listed, for example after a crash
 */
function addMountUser(layout: StoreLayout, touch: () => void, id: StorageId, path: string): number {
  const listed = usersOf(layout, id);
  const users = isMountPoint(path) ? listed : 0;
  changeMountPoints(layout, touch, (entries) => [
    ...entries.filter((entry) => !isOf(id, entry)),
    { id, path, count: users + 1 },
  ]);
  return users;
}

/** Removes the mount of a layer from the list, whatever the number of its users. Needs the lock for writing. */
export function removeMountPoint(layout: StoreLayout, touch: () => void, id: StorageId): void {
  changeMountPoints(layout, touch, (entries) =>
    entries.some((entry) => isOf(id, entry)) ? entries.filter((entry) => !isOf(id, entry)) : entries,
  );
}

function isOf(id: StorageId, entry: unknown): entry is MountPoint {
  return isMountPointEntry(entry) && entry.id === id;
}

/** Rewrites the file; what kpod does not know of an entry, and entries that it does not know, stay as they are. */
function changeMountPoints(
  layout: StoreLayout,
  touch: () => void,
  change: (entries: readonly unknown[]) => readonly unknown[],
): void {
  const { value, stringify } = parseExactJson(layout.mountsFile, readText(layout), tornRecordsHint);
  const before = entriesOf(value);
  const after = change(before);
  if (after === before) return;
  touch();
  if (after.length === 0) removeIfThere(layout.mountsFile);
  else writeFileAtomic(layout.mountsFile, stringify(after), 0o600);
}
