import type { CheckpointArchive } from "../checkpoint/read-archive";
import { KpodError } from "../errors";
import { isStorageId } from "../names/ids";
import { annotations } from "../oci/annotations";
import type { LaunchParts } from "../server-parts";
import { textMap } from "../system/go-json";
import { imageToLaunch, type LaunchImage, type LaunchPull } from "./image";

/** An image that a restored container is made of, and what that is to be called. */
export interface RestoreImage extends LaunchImage {
  readonly requestedName: string;
}

/**
 * The very image that a container was made of, fetched where that is asked for: what it changed is a part of its files only.
 * @throws KpodError NOT_FOUND where it is not in the store, and none of its names leads to it; and as `imageToLaunch`
 */
export async function imageToRestore(
  server: Pick<LaunchParts, "config" | "store" | "logger" | "signal">,
  { path, config, spec }: Pick<CheckpointArchive, "path" | "config" | "spec">,
  pull: LaunchPull = { when: "never" },
): Promise<RestoreImage> {
  const { rootfsImage, rootfsImageName, rootfsImageRef } = config;
  const id = rootfsImageRef.replace(/^sha256:/, "");
  const digests = (textMap(spec.annotations)[annotations.imageRepoDigests] ?? "").split(",");
  const names = [...digests, rootfsImageName, rootfsImage].filter((name) => name !== "");
  const requestedName = rootfsImage === "" ? rootfsImageName : rootfsImage;
  const isMeant = (image: { id: string }): boolean => !isStorageId(id) || image.id === id;
  const present = (await server.store.images()).find((image) => isStorageId(id) && image.id === id);
  if (present !== undefined && pull.when !== "always")
    return { ...(await imageToLaunch(server, id)), requestedName };
  const failures: unknown[] = [];
  for (const name of names) {
    try {
      // A name of the store may have become another image's: then the registry is asked.
      const found = await imageToLaunch(server, name, pull);
      if (isMeant(found.image)) return { ...found, requestedName };
    } catch (error) {
      if (!(error instanceof KpodError) || ["INTERRUPTED", "UNSUPPORTED"].includes(error.code)) throw error;
      failures.push(error);
    }
  }
  if (present !== undefined) return { ...(await imageToLaunch(server, id)), requestedName };
  const shown = names.length === 0 ? rootfsImageRef : `${requestedName} (${id.slice(0, 13)})`;
  const why = failures.length === names.length ? "" : ", and what has its name is another";
  throw new KpodError("NOT_FOUND", `${path} needs the image ${shown}, which is not in the store${why}`, {
    cause: failures[0],
    hint: "pull or load that very image",
  });
}
