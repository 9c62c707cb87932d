import { existsSync } from "node:fs";
import { silentLogger } from "../../logger";
import { isStorageId, type StorageId } from "../../names/ids";
import type { CrioRecord } from "../../storage/container-metadata";
import { layerDataPaths } from "../../storage/layers";
import { readRecords, type ContainerRecord, type ImageRecord } from "../../storage/records";
import { mappedLayers } from "../../storage/removal";
import type { Facts } from "../facts";
import { mendBySteps, type FoundObject, type MendClass, type OfferedMend } from "../finding";
import type { MendStep } from "../step";
import { imageObject, objectOf, ownRecords, storeContents } from "./store";

/** What falls with layers that are lost. */
export interface Affected {
  readonly images: readonly ImageRecord[];
  /** Those of CRI-O. */
  readonly containers: readonly ContainerRecord[];
  readonly objects: readonly FoundObject[];
  /** What removes all of it, and the layers that are left of it; undefined where podman's or buildah's stand on them. */
  readonly removal: { readonly class: MendClass; readonly steps: readonly MendStep[] } | undefined;
}

/** Finds what stands on a layer, whatever of it is there. */
export async function affectedBy(facts: Facts, lost: string): Promise<Affected> {
  const [{ images, containers, layers }, own] = [await facts.get(storeContents), await facts.get(ownRecords)];
  const fallen = new Set<string>([lost]);
  const order: StorageId[] = [];
  for (let grown = true; grown;) {
    grown = false;
    for (const { id, parent } of layers) {
      if (parent === undefined || fallen.has(id) || !fallen.has(parent)) continue;
      fallen.add(id);
      order.unshift(id);
      grown = true;
    }
  }
  const hit = {
    images: images.filter((image) =>
      [image.layer, ...mappedLayers(image)].some((id) => id !== undefined && fallen.has(id)),
    ),
    containers: containers.filter(({ layer }) => layer !== undefined && fallen.has(layer)),
  };
  const ours = hit.containers.filter(({ id }) => own.has(id));
  const ownLayers = new Set<string | undefined>(ours.map(({ layer }) => layer));
  const steps: MendStep[] = [
    ...ours.map((record): MendStep => deleteContainer(own, record)),
    ...hit.images.map(({ id }): MendStep => ({
      do: "drop-image",
      file: facts.server.store.layout.imagesFile,
      directory: facts.server.store.layout.imageDirectory(id),
      id,
    })),
    ...[...order, ...(isStorageId(lost) && layers.some(({ id }) => id === lost) ? [lost] : [])]
      .filter((id) => !ownLayers.has(id))
      .map((layer): MendStep => deleteLayer(facts, layer)),
  ];
  return {
    images: hit.images,
    containers: ours,
    objects: [...hit.images.map(imageObject), ...ours.map((record) => objectOf(own, record))],
    removal: ours.length < hit.containers.length ? undefined : { class: ours.length > 0 ? "Q" : "S", steps },
  };
}

/** Offers to remove what falls with layers that are lost. @param what it does, a clause */
export function removalMend({ removal }: Pick<Affected, "removal">, what: string): OfferedMend {
  if (removal === undefined)
    return { class: "N", what: "remove the containers of podman or buildah on it first", commands: [] };
  const { class: when, steps } = removal;
  return mendBySteps(when, what, steps);
}

/** The step that removes a container or pod of CRI-O. */
export function deleteContainer(
  own: ReadonlyMap<StorageId, CrioRecord>,
  { id }: Pick<ContainerRecord, "id">,
): MendStep {
  const isPod = own.get(id)?.metadata["pod-id"] === id;
  return { do: "delete-container", id, ...(isPod ? { pod: true } : {}) };
}

/** The step that removes a layer that nobody stands on. */
export function deleteLayer({ server: { store } }: Facts, layer: StorageId): MendStep {
  const paths = [store.driver.directory(layer), ...layerDataPaths(store.layout, layer)];
  return {
    do: "delete-layer",
    layer,
    file: store.layout.layersFiles.find((path) =>
      readRecords(path, silentLogger).some(({ id }) => id === layer),
    ),
    paths: paths.filter((path) => existsSync(path)),
  };
}
