import { existsSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { errnoOf, isNotFound } from "../errors";
import type { StoreLayout } from "./layout";

/** The names that containers/storage has for file systems, by what statfs(2) calls them. */
const fileSystems: ReadonlyMap<number, string> = new Map([
  [0x61756673, "aufs"],
  [0x9123683e, "btrfs"],
  [0x00c36400, "ceph"],
  [0x28cd3d45, "cramfs"],
  [0xf15f, "ecryptfs"],
  [0xef53, "extfs"],
  [0xf2f52010, "f2fs"],
  [0x65735546, "fuse"],
  [0x47504653, "gpfs"],
  [0x3153464a, "jfs"],
  [0x6969, "nfs"],
  [0x794c7630, "overlayfs"],
  [0x858458f6, "ramfs"],
  [0x52654973, "reiserfs"],
  [0x73717368, "squashfs"],
  [0x01021994, "tmpfs"],
  [0x01021997, "v9fs"],
  [0x786f4256, "vboxsf"],
  [0x58465342, "xfs"],
  [0x2fc12fc1, "zfs"],
]);

/** What a graph driver says of itself, in the words of containers/storage. */
export type GraphStatus = Readonly<Record<string, string>>;

/**
 * What the overlay driver says of a store; vfs says nothing. A look mounts nothing to find out: whether layers can be
 * compared as the kernel has them stands in the run directory, where a program of containers/storage has tried it, and
 * else follows from the kernel's module.
 */
export function graphStatus({ root, runRoot, driver }: StoreLayout): GraphStatus {
  if (driver !== "overlay" || !existsSync(root)) return {};
  return {
    "Backing Filesystem": fileSystems.get(statfsSync(root).type) ?? "<unknown>",
    "Native Overlay Diff": String(triedNativeDiff(runRoot) ?? nativeDiffOfKernel()),
    // The driver makes no store where directories do not tell the kinds of their entries.
    "Supports d_type": "true",
  };
}

function triedNativeDiff(runRoot: string): boolean | undefined {
  const marks = namesIn(`${runRoot}/overlay`).flatMap(
    (name) => /^native-diff(?:\(.*\))?-(true|false)$/.exec(name)?.[1] ?? [],
  );
  return marks.length === 0 ? undefined : !marks.includes("false");
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

/** With redirected directories a layer does not tell by itself what it changed. */
function nativeDiffOfKernel(): boolean {
  try {
    return readFileSync("/sys/module/overlay/parameters/redirect_dir", "latin1").trim() !== "Y";
  } catch (error) {
    if (!isNotFound(error)) return false;
    // Older kernels have no such directories.
    return true;
  }
}
