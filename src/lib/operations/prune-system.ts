import { KpodError } from "../errors";
import { pinnedImages } from "../images/names";
import { isStorageId, type StorageId } from "../names/ids";
import type { Container } from "../oci/container";
import type { ServerParts } from "../server-parts";
import { layerUsers, ownLayerOf } from "../storage/layer-users";
import type { RemoveImageOptions } from "../storage/image-removal";
import { readMountPoints } from "../storage/mount-points";
import type { ContainerRecord, ImageRecord } from "../storage/records";
import type { StoreContents } from "../storage/removal";
import { unusedImages } from "./prune-images";
import { removeContainer } from "./remove";
import { tellingMeasure } from "./store-usage";
import { containerLayerSpace, layerSpace } from "./usage-layers";

/** What of a store may go. */
export interface PruneOptions {
  /** Images that have names go as well, where nothing uses them. */
  readonly all?: boolean;
  /** Only what came about before this moment. */
  readonly before?: Date | undefined;
}

/** A container or an image that may go. */
export interface Prunable {
  readonly kind: "container" | "image";
  readonly id: StorageId;
  /** All names that it has: with others it stays. */
  readonly names: readonly string[];
  /** Bytes that the disk gets back, once those before it in the plan are gone. */
  readonly frees: number;
}

/** What is to go, in the order in which it goes. */
export interface PrunePlan {
  readonly items: readonly Prunable[];
  /** Bytes that the disk gets back. */
  readonly bytes: number;
  /** Measured bytes of the layers of images that go, and of what else an image has. */
  readonly measured: ReadonlyMap<string, number>;
}

/**
 * Plans what `kpod system prune` removes: containers that have ended and whose pods are gone, and images without a name, or
 * with `all` any image, that no container uses, be it podman's, that nobody has mounted, and that are neither pinned nor the
 * pause image. Nothing is changed. What would be got back is measured.
 * @throws KpodError CORRUPT, IO, NOT_PERMITTED, INTERRUPTED
 */
export async function planPrune(
  server: ServerParts,
  options: PruneOptions = {},
  signal?: AbortSignal,
): Promise<PrunePlan> {
  const { store } = server;
  await server.update();
  const [containers, images] = [await store.containers(), await store.images()];
  const contents = { containers, images, layers: await store.layers() };
  const measure = tellingMeasure(server, signal);
  const users = layerUsers(contents);
  const layers = layerSpace(store, contents.layers, measure, { persisted: false });
  const measured = new Map<string, number>();
  const items: Prunable[] = [];

  const goneContainers = prunableContainers(server, containers, options);
  for (const record of goneContainers) {
    const directory = await measure(store.layout.containerDirectory(record.id));
    const own = ownLayerOf(record);
    const goes = own !== undefined && users.countOf(own) === 1;
    const layer = goes ? await containerLayerSpace(store.driver, own, measure) : undefined;
    const frees = (directory?.freed ?? 0) + (layer?.freed ?? 0);
    items.push({ kind: "container", id: record.id, names: record.names ?? [], frees });
  }
  const left = { ...contents, containers: containers.filter((record) => !goneContainers.includes(record)) };
  const gone: (ContainerRecord | ImageRecord)[] = [...goneContainers];
  const before = new Set(users.onlyOf(gone));
  for (const image of prunableImagesOf(server, left, options)) {
    gone.push(image);
    let frees = (await measure(store.layout.imageDirectory(image.id)))?.freed ?? 0;
    measured.set(image.id, frees);
    for (const layer of users.onlyOf(gone).filter((id) => !before.has(id))) {
      before.add(layer);
      measured.set(layer, await layers.of(layer));
      frees += measured.get(layer) ?? 0;
    }
    items.push({ kind: "image", id: image.id, names: image.names ?? [], frees });
  }
  return { items, bytes: items.reduce((sum, { frees }) => sum + frees, 0), measured };
}

function prunableContainers(
  { lists }: Pick<ServerParts, "lists">,
  records: readonly ContainerRecord[],
  { before }: PruneOptions,
): ContainerRecord[] {
  const ids = new Set<string>(records.map(({ id }) => id));
  return records.filter(({ id }) => {
    const container = lists.getContainer(id);
    return (
      container?.state?.status === "stopped" &&
      isStorageId(container.sandboxId) &&
      !ids.has(container.sandboxId) &&
      (before === undefined || container.createdAt < before)
    );
  });
}

function prunableImagesOf(
  { store, config }: Pick<ServerParts, "store" | "config">,
  contents: StoreContents,
  { all = false, before }: PruneOptions,
): ImageRecord[] {
  const mounted = new Set(readMountPoints(store.layout).flatMap(({ id, count }) => (count > 0 ? [id] : [])));
  const created = new Map(contents.layers.map((layer) => [layer.id as string, timeOf(layer.created)]));
  // An image says when it was built; its top layer, when it came into this store.
  const cameAt = (image: ImageRecord): number =>
    Math.max(timeOf(image.created), created.get(image.layer ?? "") ?? 0);
  return unusedImages(contents, config).filter(
    (image) =>
      !mounted.has(image.layer as StorageId) &&
      (all || (image.names ?? []).length === 0) &&
      (before === undefined || cameAt(image) < before.getTime()),
  );
}

/** Milliseconds since 1970; 0 for what tells none. */
function timeOf(text: string | undefined): number {
  const time = new Date(text ?? 0).getTime();
  return Number.isNaN(time) ? 0 : time;
}

/**
 * Removes a piece of a plan, having looked once more whether it still may go: an image under the store's locks.
 * @returns bytes that the disk has got back
 * @throws KpodError CONFLICT, BAD_STATE or NOT_FOUND when it is used meanwhile, has got a name, or is gone, and stays as it
 * is; and as `removeContainer` and `ImageServer.removeImage`
 */
export async function prune(
  server: ServerParts,
  { measured }: Pick<PrunePlan, "measured">,
  { kind, id, names, frees }: Prunable,
): Promise<number> {
  if (kind === "container") {
    await removeContainer(server, await endedContainer(server, id), false);
    return frees;
  }
  const { removeImage } = await import("../storage/image-removal");
  const { noteRemoval } = await import("../images/note-image");
  const refuse: RemoveImageOptions["refuse"] = (image, images) => {
    const now = image.names ?? [];
    const added = now.find((name) => !names.includes(name));
    if (added !== undefined) throw new KpodError("CONFLICT", `it is called ${added} now`);
    if (pinnedImages(images, server.config).has(image.id))
      throw new KpodError("CONFLICT", "it is pinned now");
  };
  const { store, logger } = server;
  const { layers } = noteRemoval(store, await removeImage(store, id, { allNames: true, logger, refuse }));
  return [id, ...layers].reduce((sum, each) => sum + (measured.get(each) ?? 0), 0);
}

/** The container, when it has still ended and its pod is still gone. */
async function endedContainer(server: ServerParts, id: StorageId): Promise<Container> {
  await server.updateRecords([id]);
  const container = server.lists.getContainer(id);
  if (container === undefined) throw new KpodError("NOT_FOUND", "it is gone already");
  if (server.lists.getSandbox(container.sandboxId) !== undefined) {
    throw new KpodError("CONFLICT", "its pod is there again");
  }
  const { status } = await server.runtime.updateStatus(container);
  if (status !== "stopped") throw new KpodError("BAD_STATE", `it is ${status} now`);
  return container;
}
