import { existsSync } from "node:fs";
import { join } from "node:path";
import { KpodError } from "../errors";
import { removeTree } from "../system/remove-tree";
import type { GraphDriver } from "./driver";
import type { StorageId } from "../names/ids";

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
