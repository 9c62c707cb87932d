import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { isMountPoint } from "../system/mount";
import { isRecord, parseJson, readTextIfThere, writeFileAtomic } from "../system/files";
import { removeIfThere } from "../system/remove";
import type { StorageId } from "./ids";
import type { StoreLayout } from "./layout";

/** An entry of mountpoints.json: a layer that is mounted, and for how many users. */
export interface MountPoint {
  id: string;
  path: string;
  count: number;
}

/** The mounts that are noted in the runroot. A node that was not used since boot has none. */
export function readMountPoints(layout: StoreLayout): MountPoint[] {
  const text = readTextIfThere(layout.mountsFile);
  if (text === undefined || text.trim() === "") return [];
  const content = parseJson(layout.mountsFile, text);
  return Array.isArray(content) ? content.filter(isMountPointEntry) : [];
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
  const others = readMountPoints(layout).filter((entry) => entry.id !== id);
  const noted = readMountPoints(layout).find((entry) => entry.id === id)?.count ?? 0;
  const users = isMountPoint(path) ? noted : 0;
  writeMountPoints(layout, touch, [...others, { id, path, count: users + 1 }]);
  return users;
}

/** Forgets the mount of a layer, whatever the number of its users. Needs the lock for writing. */
export function forgetMount(layout: StoreLayout, touch: () => void, id: StorageId): void {
  const entries = readMountPoints(layout);
  const others = entries.filter((entry) => entry.id !== id);
  if (others.length !== entries.length) writeMountPoints(layout, touch, others);
}

/** Takes one user off a mount. @returns how many are left. Needs the lock for writing. */
export function releaseMount(layout: StoreLayout, touch: () => void, id: StorageId): number {
  const entries = readMountPoints(layout);
  const users = (entries.find((entry) => entry.id === id)?.count ?? 0) - 1;
  if (users <= 0) {
    forgetMount(layout, touch, id);
    return 0;
  }
  writeMountPoints(
    layout,
    touch,
    entries.map((entry) => (entry.id === id ? { ...entry, count: users } : entry)),
  );
  return users;
}

function writeMountPoints(layout: StoreLayout, touch: () => void, entries: readonly MountPoint[]): void {
  touch();
  if (entries.length === 0) removeIfThere(layout.mountsFile);
  else writeFileAtomic(layout.mountsFile, JSON.stringify(entries), 0o600);
}
