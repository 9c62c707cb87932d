import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { silentLogger } from "../../logger";
import type { StorageId } from "../../names/ids";
import { layerChain } from "../../storage/images";
import { readRecords, type ContainerRecord, type ImageRecord } from "../../storage/records";
import { mappedLayers } from "../../storage/removal";
import type { Facts } from "../facts";
import type { MendStep } from "../step";
import { diffDigestOf, tarLength } from "./image-layers";
import { layerIn, smallFile, type OverlayHome } from "../readings/overlay-home";
import { linkNameIn, lowerNameIn, overlayHomes } from "./overlay";
import { layersById, storeContents } from "./store";

/** The step that adds a record. */
type AddRecord = Extract<MendStep, { do: "add-record" }>;

/**
 * The records of a layer that has none, and of those beneath it that have none either, as their directories tell them.
 * @returns undefined where a directory is missing or not whole; the lowest layer is the first
 */
export async function rebuiltLayers(facts: Facts, layer: StorageId): Promise<AddRecord[] | undefined> {
  const records = await facts.get(layersById);
  const parents = new Map<StorageId, string | undefined>(
    [...records].map(([id, { parent }]) => [id, parent]),
  );
  const homes = await facts.get(overlayHomes);
  const missing: { id: StorageId; parent: StorageId | undefined; home: OverlayHome }[] = [];
  for (let id: StorageId | undefined = layer; id !== undefined && !parents.has(id);) {
    const found: ReturnType<typeof directoryOf> = directoryOf(homes, id);
    if (found === undefined) return undefined;
    missing.push({ id, parent: found.parent, home: found.home });
    parents.set(id, found.parent);
    id = found.parent;
  }
  const isWhole = missing.every(
    ({ id, home }) => layerChain(parents, id).length - 1 === lowerOf(home, id)?.length,
  );
  if (!isWhole) return undefined;
  const steps: AddRecord[] = [];
  for (const { id, parent, home } of missing.reverse())
    steps.push(await recordOf(facts, id, parent, { home, parents }));
  return steps;
}

/** The directory of a layer, and the layer that lies beneath it; undefined where it cannot be used. */
function directoryOf(
  homes: readonly OverlayHome[],
  id: StorageId,
): { home: OverlayHome; parent: StorageId | undefined } | undefined {
  const home = homes.find(({ layers }) => layers.has(id));
  if (home === undefined) return undefined;
  const diff = lstatSync(join(home.home, id, "diff"), { throwIfNoEntry: false });
  const lower = lowerOf(home, id);
  if (diff?.isDirectory() !== true || lower === undefined) return undefined;
  if (linkNameIn(smallFile(join(home.home, id, "link"))) === undefined) return undefined;
  const beneath = lower.map((name) => layerNamed(homes, name));
  const [parent] = beneath;
  return beneath.includes(undefined) ? undefined : { home, parent };
}

/** The names that a layer lies over, the nearest first; undefined where they cannot be read. */
function lowerOf({ home }: OverlayHome, id: StorageId): string[] | undefined {
  const text = smallFile(join(home, id, "lower"));
  if (text === undefined) return [];
  const names = text.split(":").map(lowerNameIn);
  return names.every((name) => name !== undefined) ? names : undefined;
}

function layerNamed(homes: readonly OverlayHome[], name: string): StorageId | undefined {
  for (const { targets } of homes) {
    const layer = layerIn(targets.get(name) ?? "");
    if (layer !== undefined) return layer;
  }
  return undefined;
}

async function recordOf(
  facts: Facts,
  id: StorageId,
  parent: StorageId | undefined,
  { home, parents }: { home: OverlayHome; parents: ReadonlyMap<StorageId, string | undefined> },
): Promise<AddRecord> {
  const { layout } = facts.server.store;
  const { containers, images } = await facts.get(storeContents);
  const base = { id, ...(parent === undefined ? {} : { parent }) };
  const container = containers.find((record) => record.layer === id);
  if (container !== undefined) {
    const [name] = container.names ?? [];
    const record = {
      ...base,
      ...(name === undefined ? {} : { names: [`${name}-layer`] }),
      created: container.created ?? madeAt(home, id),
    };
    return { do: "add-record", file: fileOf(facts, container), record };
  }
  const [stable] = layout.layersFiles;
  const file =
    layout.imageStore !== "" && home.home.startsWith(layout.imageStore)
      ? (layout.sharedLayersFiles[0] ?? stable)
      : stable;
  const length = await tarLength(join(dirname(file), `${id}.tar-split.gz`));
  const digest = images
    .filter((image) => stands(image, id, parents))
    .map((image) => diffDigestOf(facts, image, id, parents))
    .find((found) => found !== undefined);
  // The one without the other would be taken for a layer of no bytes.
  const known =
    digest === undefined || length === undefined ? {} : { "diff-digest": digest, "diff-size": length };
  return { do: "add-record", file, record: { ...base, created: madeAt(home, id), ...known } };
}

function stands(
  image: ImageRecord,
  layer: StorageId,
  parents: ReadonlyMap<StorageId, string | undefined>,
): boolean {
  return [image.layer, ...mappedLayers(image)].some((top) => layerChain(parents, top).includes(layer));
}

/** The layer of a container has its record in the file that lives as long as that of the container. */
function fileOf({ server: { store } }: Facts, { id }: ContainerRecord): string {
  const { containersFiles, layersFiles } = store.layout;
  const isVolatile = readRecords(containersFiles[1], silentLogger).some((record) => record.id === id);
  return layersFiles[isVolatile ? 1 : 0];
}

function madeAt({ home }: OverlayHome, id: StorageId): string {
  return (
    lstatSync(join(home, id, "diff"), { throwIfNoEntry: false })?.birthtime ?? new Date()
  ).toISOString();
}
