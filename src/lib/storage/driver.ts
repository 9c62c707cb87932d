import { existsSync } from "node:fs";
import { join } from "node:path";
import { KpodError } from "../errors";
import type { StorageId } from "../names/ids";
import { removeTree } from "../system/remove-tree";

/** Where the file system of a layer lies, as inspect shows it. */
export type GraphDriverData = Record<"LowerDir" | "MergedDir" | "UpperDir" | "WorkDir", string>;

/** What a graph driver does with the directories of layers. Records are not its business. */
export interface GraphDriver {
  readonly name: string;
  /** True when the directory of the layer is there. */
  has(layer: StorageId): boolean;
  /** Where the layer's file system appears when it is mounted. */
  mountPath(layer: StorageId): string;
  /** The directory of what the layer itself changed. */
  diffPath(layer: StorageId): string;
  /** The directories of a layer, for showing. */
  data(layer: StorageId): GraphDriverData;
  /** Makes the directory of a new read-write layer over a parent. */
  create(layer: StorageId, parent: StorageId | undefined): void;
  /**
   * Deletes the directory of a layer that is not mounted. What is gone already counts as deleted.
   * @param dispose deletes a directory, or moves it aside to be deleted later; by default at once
   */
  remove(layer: StorageId, dispose?: (directory: string) => void): void;
  /**
   * Makes the file system appear at mountPath.
   * @param label SELinux label of the mount, or ""
   * @param readOnly so that nothing can be written to the layer, which others may have beneath theirs
   */
  mount(layer: StorageId, label: string, readOnly?: boolean): void;
  /** The reverse; fine when it is not mounted. */
  unmount(layer: StorageId): void;
  /** Unmounts what the driver mounted for itself. */
  shutdown(): void;
}

/** The vfs driver: each layer is a whole copy at ROOT/vfs/dir/ID. kpod reads such stores and deletes in them. */
export function vfsDriver(root: string): GraphDriver {
  const path = (layer: StorageId): string => join(root, "vfs", "dir", layer);
  return {
    name: "vfs",
    has: (layer) => existsSync(path(layer)),
    mountPath: path,
    diffPath: path,
    data: (layer) => ({ LowerDir: "", MergedDir: path(layer), UpperDir: path(layer), WorkDir: "" }),
    create: () => {
      throw new KpodError("UNSUPPORTED", "kpod cannot create containers in a store of graph driver vfs", {
        hint: "use a store with storage_driver overlay",
      });
    },
    remove: (layer, dispose = removeTree) => {
      if (existsSync(path(layer))) dispose(path(layer));
    },
    // A copy needs no mount: it is always there.
    mount: () => {},
    unmount: () => {},
    shutdown: () => {},
  };
}
