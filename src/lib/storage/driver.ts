import { KpodError } from "../errors";
import type { StorageId } from "../names/ids";
import { removeTree } from "../system/remove-tree";
import { vfsDirectories, type LayerDirectories } from "./layer-directories";

/** What a graph driver does with the directories of layers. Records are not its business. */
export interface GraphDriver extends LayerDirectories {
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
  /**
   * The reverse; fine when it is not mounted.
   * @param options.busy false has one refused that somebody works in: an error of the operating system, EBUSY
   */
  unmount(layer: StorageId, options?: { readonly busy?: boolean }): void;
  /** Unmounts what the driver mounted for itself. */
  shutdown(): void;
}

/** The vfs driver. kpod reads such stores and deletes in them. */
export function vfsDriver(root: string): GraphDriver {
  const directories = vfsDirectories(root);
  return {
    ...directories,
    create: () => {
      throw new KpodError("UNSUPPORTED", "kpod cannot create containers in a store of graph driver vfs", {
        hint: "use a store with storage_driver overlay",
      });
    },
    remove: (layer, dispose = removeTree) => {
      if (directories.has(layer)) dispose(directories.diffPath(layer));
    },
    // A copy needs no mount: it is always there.
    mount: () => {},
    unmount: () => {},
    shutdown: () => {},
  };
}
