import { KpodError } from "../../errors";
import { silentLogger } from "../../logger";
import { isStorageId, type StorageId } from "../../names/ids";
import { readContainers } from "../../storage/containers";
import { readImages } from "../../storage/images";
import { layerUsers, type LayerUsers } from "../../storage/layer-users";
import { isIncomplete, readLayers } from "../../storage/layers";
import { overlayDirectories, type OverlayDirectories } from "../../storage/layer-directories";
import type { ContainerRecord, ImageRecord, LayerRecord } from "../../storage/records";
import type { StoreContents } from "../../storage/removal";
import { crioRecords } from "../../crio/persisted-records";
import type { CrioRecord } from "../../storage/container-metadata";
import type { Facts } from "../facts";
import type { FoundObject } from "../finding";
import { requireRecords } from "./emptied-records";

/**
 * All records, as they stood at one moment. @throws KpodError CORRUPT, IO; CORRUPT too where a file has lost all of them: what
 * these stood for would be taken for nobody's
 */
export async function storeContents({ server: { store }, options }: Facts): Promise<StoreContents> {
  const { layout } = store;
  // What is wrong with single records is what a check tells; containers are taken up by these, as all commands do.
  const isTakenUp = options.live && options.before === undefined;
  const read = (): StoreContents => {
    requireRecords(store, ["containers", "images"]);
    return {
      layers: readLayers(layout, silentLogger),
      images: readImages(layout, silentLogger),
      containers: readContainers(layout, isTakenUp ? store.logger : silentLogger),
    };
  };
  if (options.before !== undefined) return read();
  return store.locks.readingAll([layout.layersLock, layout.imagesLock, layout.containersLock], read);
}

/** The ids of all containers and pods that have a record, those of podman and buildah too. */
export async function containerIds(facts: Facts): Promise<ReadonlySet<string>> {
  const { containers } = await facts.get(storeContents);
  return new Set(containers.map(({ id }) => id));
}

/** The layers by their ids. */
export async function layersById(facts: Facts): Promise<ReadonlyMap<StorageId, LayerRecord>> {
  const { layers } = await facts.get(storeContents);
  return new Map(layers.map((layer) => [layer.id, layer]));
}

/** The layers whose records say that they are whole. */
export async function wholeLayers(facts: Facts): Promise<readonly LayerRecord[]> {
  return (await facts.get(storeContents)).layers.filter((layer) => !isIncomplete(layer));
}

/** Who stands on which layer. */
export async function usersOfLayers(facts: Facts): Promise<LayerUsers> {
  return layerUsers(await facts.get(storeContents));
}

/** The records of CRI-O, by their ids; all others are those of podman and buildah, and nobody's business here. */
export async function ownRecords(facts: Facts): Promise<ReadonlyMap<StorageId, CrioRecord>> {
  const { store } = facts.server;
  const { containers } = await facts.get(storeContents);
  const own = crioRecords(containers, (id) => [store.userdataDirectory(id), store.runUserdataDirectory(id)]);
  return new Map(own.map((each) => [each.record.id, each]));
}

/** The layers that containers of podman and buildah have alone. */
export async function foreignLayers(facts: Facts): Promise<ReadonlySet<string>> {
  const { containers } = await facts.get(storeContents);
  const own = await facts.get(ownRecords);
  return new Set(containers.flatMap(({ id, layer }) => (own.has(id) || layer === undefined ? [] : [layer])));
}

/** Where the directories of the overlay driver lie; undefined for another driver. */
export function overlayHome({ server: { store, config } }: Facts): OverlayDirectories | undefined {
  return store.layout.driver === "overlay" ? overlayDirectories(config.root, config.imageStore) : undefined;
}

/** What names a container or a pod of CRI-O to users. */
export function objectOf(
  own: ReadonlyMap<StorageId, CrioRecord>,
  { id, names = [] }: ContainerRecord,
): FoundObject {
  const found = own.get(id);
  if (found === undefined) return { kind: "container", id, name: names[0] };
  const { metadata } = found;
  const podId = metadata["pod-id"];
  const pod = isStorageId(podId) ? own.get(podId) : undefined;
  const isPod = podId === id;
  return {
    kind: isPod ? "pod" : "container",
    id,
    name: metadata["metadata-name"],
    pod: isPod ? metadata["metadata-name"] : pod?.metadata["metadata-name"],
    namespace: isPod ? metadata.namespace : pod?.metadata.namespace,
  };
}

/** What names an image to users. */
export function imageObject({ id, names }: ImageRecord): FoundObject {
  return { kind: "image", id, name: names?.[0] };
}

/** The images, and CRI-O's containers, that have one of these layers somewhere beneath them. */
export async function objectsAbove(
  facts: Facts,
  layers: ReadonlySet<string>,
): Promise<readonly FoundObject[]> {
  const [{ images, containers }, { layersOf }, own] = [
    await facts.get(storeContents),
    await facts.get(usersOfLayers),
    await facts.get(ownRecords),
  ];
  const stands = (user: ImageRecord | ContainerRecord): boolean =>
    layersOf(user).some((layer) => layers.has(layer));
  return [
    ...images.filter(stands).map(imageObject),
    ...containers
      .filter((record) => own.has(record.id) && stands(record))
      .map((record) => objectOf(own, record)),
  ];
}

/** Things in words: `image web:1, pod shop, container shop/db and 7 more`. */
export function inWords(objects: readonly FoundObject[]): string {
  const words = objects.map(({ kind, id = "", name, pod }) => {
    const called = kind === "container" && pod !== undefined ? `${pod}/${name ?? ""}` : name;
    return `${kind} ${called ?? id.slice(0, 13)}`;
  });
  return words.length <= 4
    ? words.join(", ")
    : `${words.slice(0, 3).join(", ")} and ${words.length - 3} more`;
}

/** A time of a record in milliseconds since 1970; undefined where it tells none. */
export function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? undefined : time;
}

/** An error in words, of what is foreseen; all else is thrown on. */
export function whyOf(error: unknown): string {
  if (error instanceof KpodError) return error.message;
  throw error;
}
