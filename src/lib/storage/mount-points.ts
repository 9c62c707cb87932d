import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
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
import type { StoreLayout } from "./layout";

/** An entry of mountpoints.json: a layer that is mounted, and for how many users. */
export interface MountPoint {
  id: string;
  path: string;
  count: number;
}

/** The mounts that are noted in the runroot. A node that was not used since boot has none. */
export function readMountPoints(layout: StoreLayout): MountPoint[] {
  return entriesOf(parseJson(layout.mountsFile, readText(layout))).filter(isMountPointEntry);
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
 * Notes one more user of a mounted layer. Needs the lock of the mount points for writing.
 * @returns how many users the layer had; none when a noted mount is gone, for example after a crash
 */
export function noteMount(layout: StoreLayout, touch: () => void, id: StorageId, path: string): number {
  const noted = readMountPoints(layout).find((entry) => entry.id === id)?.count ?? 0;
  const users = isMountPoint(path) ? noted : 0;
  changeMountPoints(layout, touch, (entries) => [
    ...entries.filter((entry) => !isOf(id, entry)),
    { id, path, count: users + 1 },
  ]);
  return users;
}

/** Forgets the mount of a layer, whatever the number of its users. Needs the lock for writing. */
export function forgetMount(layout: StoreLayout, touch: () => void, id: StorageId): void {
  changeMountPoints(layout, touch, (entries) =>
    entries.some((entry) => isOf(id, entry)) ? entries.filter((entry) => !isOf(id, entry)) : entries,
  );
}

/** Takes one user off a mount. @returns how many are left. Needs the lock for writing. */
export function releaseMount(layout: StoreLayout, touch: () => void, id: StorageId): number {
  const users = (readMountPoints(layout).find((entry) => entry.id === id)?.count ?? 0) - 1;
  if (users <= 0) {
    forgetMount(layout, touch, id);
    return 0;
  }
  changeMountPoints(layout, touch, (entries) =>
    entries.map((entry) => (isOf(id, entry) ? { ...entry, count: users } : entry)),
  );
  return users;
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
  const { value, stringify } = parseExactJson(layout.mountsFile, readText(layout));
  const before = entriesOf(value);
  const after = change(before);
  if (after === before) return;
  touch();
  if (after.length === 0) removeIfThere(layout.mountsFile);
  else writeFileAtomic(layout.mountsFile, stringify(after), 0o600);
}
