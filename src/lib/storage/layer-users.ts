import { isStorageId, type StorageId } from "../names/ids";
import { layerChain } from "./images";
import type { ContainerRecord, ImageRecord, LayerRecord } from "./records";
import { mappedLayers, type StoreContents } from "./removal";

/** Whom a layer can belong to, at the top: an image, a container, or nobody but itself. */
type User = ImageRecord | ContainerRecord | LayerRecord;

/** Which layers stand beneath what, and which go with it. */
export interface LayerUsers {
  /** The layers of an image or a container that have records, from the top down. */
  readonly layersOf: (user: User) => readonly StorageId[];
  /** How many images, containers and layers that nobody names have a layer beneath them. */
  readonly countOf: (layer: StorageId) => number;
  /** The layers that nothing else needs than these: they go when all of these are removed. */
  readonly onlyOf: (users: readonly User[]) => readonly StorageId[];
  /** Layers that have a record, and neither an image nor a container nor another layer names them. */
  readonly unused: readonly LayerRecord[];
}

/** Finds out who needs which layer. Each chain is walked once, when somebody asks for one. */
export function layerUsers({ images, containers, layers }: StoreContents): LayerUsers {
  const parents = new Map(layers.map(({ id, parent }) => [id, parent]));
  const named = new Set<string | undefined>([
    ...images.flatMap((image) => [image.layer, ...mappedLayers(image)]),
    ...containers.map(({ layer }) => layer),
    ...layers.map(({ parent }) => parent),
  ]);
  const unused = layers.filter(({ id }) => !named.has(id));
  let walked: Walked | undefined;
  // Most who ask want to know what nobody uses, and no chain.
  const chainsAndCounts = (): Walked => (walked ??= walkAll({ images, containers, unused, parents }));
  const countOf = (layer: StorageId): number => chainsAndCounts().counts.get(layer) ?? 0;
  const layersOf = (user: User): readonly StorageId[] => chainsAndCounts().chains.get(user) ?? [];
  const onlyOf = (users: readonly User[]): readonly StorageId[] => {
    const own = new Map<StorageId, number>();
    for (const user of users) for (const layer of layersOf(user)) own.set(layer, (own.get(layer) ?? 0) + 1);
    return [...own].flatMap(([layer, count]) => (count === countOf(layer) ? [layer] : []));
  };
  return { layersOf, countOf, onlyOf, unused };
}

/** The layers of each user, and how many users each layer has. */
interface Walked {
  readonly chains: ReadonlyMap<User, readonly StorageId[]>;
  readonly counts: ReadonlyMap<StorageId, number>;
}

function walkAll({
  images,
  containers,
  unused,
  parents,
}: Pick<StoreContents, "images" | "containers"> &
  Pick<LayerUsers, "unused"> & { readonly parents: ReadonlyMap<StorageId, string | undefined> }): Walked {
  const chains = new Map<User, readonly StorageId[]>();
  const counts = new Map<StorageId, number>();
  const add = (user: User, tops: readonly (string | undefined)[]): void => {
    const chain = new Set(tops.flatMap((top) => layerChain(parents, top)));
    chains.set(user, [...chain]);
    for (const layer of chain) counts.set(layer, (counts.get(layer) ?? 0) + 1);
  };
  for (const image of images) add(image, [image.layer, ...mappedLayers(image)]);
  for (const container of containers) add(container, [container.layer]);
  for (const layer of unused) add(layer, [layer.id]);
  return { chains, counts };
}

/** The read-write layer of a container, where its record names one that can be. */
export function ownLayerOf({ layer }: ContainerRecord): StorageId | undefined {
  return isStorageId(layer) ? layer : undefined;
}
