import { pinnedImages } from "../images/names";
import type { ServerView } from "../server-parts";
import type { ImageRecord } from "../storage/records";

/**
 * The images that nothing uses and nothing pins: no container has them, one of podman neither, and they are not the pause
 * image, nor among `pinned_images`.
 * @throws KpodError CORRUPT, IO
 */
export async function prunableImages({
  store,
  config,
}: Pick<ServerView, "store" | "config">): Promise<ImageRecord[]> {
  const images = await store.images();
  const used = new Set((await store.containers()).map(({ image }) => image));
  const pinned = pinnedImages(images, config);
  return images.filter(({ id }) => !used.has(id) && !pinned.has(id));
}
