/*
 * Where a graph driver keeps the directories of layers. What makes, mounts and deletes them, `driver.ts` and
 * `overlay.ts` have, which only those load who change a store.
 */
import { existsSync, readlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { KpodError, ifThere, orFileError } from "../errors";
import type { StorageId } from "../names/ids";
import { fileLimits, readTextIfThere } from "../system/files";

/** Where the file system of a layer lies, as inspect shows it. */
export type GraphDriverData = Record<"LowerDir" | "MergedDir" | "UpperDir" | "WorkDir", string>;

/** What a graph driver knows of the directories of layers. Records are not its business. */
export interface LayerDirectories {
  readonly name: string;
  /** True when the directory of the layer is there. */
  readonly has: (layer: StorageId) => boolean;
  /** Where the layer's file system appears when it is mounted. */
  readonly mountPath: (layer: StorageId) => string;
  /** The directory of a layer, with all that the driver keeps of it. */
  readonly directory: (layer: StorageId) => string;
  /** The directory of what the layer itself changed. */
  readonly diffPath: (layer: StorageId) => string;
  /** The directories of a layer, for showing. */
  readonly data: (layer: StorageId) => GraphDriverData;
}

/** Those of the vfs driver: each layer is a whole copy at ROOT/vfs/dir/ID. */
export function vfsDirectories(root: string): LayerDirectories {
  const path = (layer: StorageId): string => join(root, "vfs", "dir", layer);
  return {
    name: "vfs",
    has: (layer) => existsSync(path(layer)),
    mountPath: path,
    directory: path,
    diffPath: path,
    data: (layer) => ({ LowerDir: "", MergedDir: path(layer), UpperDir: path(layer), WorkDir: "" }),
  };
}

/** Those of the overlay driver, and how they are tied to each other. */
export interface OverlayDirectories extends LayerDirectories {
  /** Where the layers of containers lie, and most others. */
  readonly home: string;
  /** Where those of images may lie: another directory in a split image store alone. */
  readonly imageHome: string;
  /** Which of the two holds what has this path below them. */
  readonly homeOf: (path: string) => string;
  /** The short links to the layers beneath one, the uppermost first. @throws KpodError CORRUPT */
  readonly lowerLinks: (layer: StorageId) => string[];
  readonly workPath: (layer: StorageId) => string;
}

/**
 * The layout of the overlay driver: ROOT/overlay/ID/{diff,work,merged}, with `link` and `lower` naming the layers
 * beneath through short symbolic links, since the kernel limits the length of mount options.
 * @param imageStore root of a split image store, "" for none
 */
export function overlayDirectories(root: string, imageStore = ""): OverlayDirectories {
  const home = join(root, "overlay");
  const imageHome = imageStore === "" ? home : join(imageStore, "overlay");
  // Layers of images may lie in a split image store; those of containers always lie in the root.
  const homeOf = (path: string): string =>
    imageHome === home || existsSync(join(home, path)) ? home : imageHome;
  const mountPath = (layer: StorageId): string => join(home, layer, "merged");
  const directory = (layer: StorageId): string => join(homeOf(layer), layer);
  const diffPath = (layer: StorageId): string => join(directory(layer), "diff");
  const workPath = (layer: StorageId): string => join(home, layer, "work");
  const lowerLinks = (layer: StorageId): string[] => {
    const path = join(homeOf(layer), layer, "lower");
    const links = readTextIfThere(path, fileLimits.lower)?.split(":") ?? [];
    const bad = links.find((link) => !/^l\/[A-Z0-9]{1,64}$/.test(link));
    if (bad !== undefined) {
      throw new KpodError("CORRUPT", `${path} names a layer that cannot be: ${JSON.stringify(bad)}`);
    }
    return links;
  };
  // The layers' own directories say more than the short links to them.
  const lowerDirs = (layer: StorageId): string =>
    lowerLinks(layer)
      .map((link) => linkTarget(join(homeOf(link), link)))
      .join(":");

  return {
    name: "overlay",
    home,
    imageHome,
    homeOf,
    lowerLinks,
    has: (layer) =>
      existsSync(join(home, layer)) || (imageHome !== home && existsSync(join(imageHome, layer))),
    mountPath,
    directory,
    diffPath,
    workPath,
    data: (layer) => ({
      LowerDir: lowerDirs(layer),
      MergedDir: mountPath(layer),
      UpperDir: diffPath(layer),
      WorkDir: workPath(layer),
    }),
  };
}

function linkTarget(path: string): string {
  // A layer that has lost its link cannot be mounted, but it can be shown.
  return orFileError(
    `cannot read ${path}`,
    () => ifThere(() => resolve(dirname(path), readlinkSync(path)), "EINVAL") ?? path,
  );
}
