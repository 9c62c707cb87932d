import { pinnedImages } from "../images/names";
import type { ServerView } from "../server-parts";
import type { ImageRecord } from "../storage/records";
import type { StoreContents } from "../storage/removal";

/**
 * The images that nothing uses and nothing pins: no container has them, one of podman neither, and they are not the pause
 * image, nor among `pinned_images`.
 * @throws KpodError CORRUPT, IO
 */
export async function prunableImages({
  store,
  config,
}: Pick<ServerView, "store" | "config">): Promise<ImageRecord[]> {
  return unusedImages({ images: await store.images(), containers: await store.containers() }, config);
}

/** The same of records that were read. */
export function unusedImages(
  { images, containers }: Pick<StoreContents, "images" | "containers">,
  config: ServerView["config"],
): ImageRecord[] {
  const used = new Set(containers.map(({ image }) => image));
  const pinned = pinnedImages(images, config);
  return images.filter(({ id }) => !used.has(id) && !pinned.has(id));
}
