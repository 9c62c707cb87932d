import { lstatSync } from "node:fs";
import type { StorageId } from "../../names/ids";
import { layerChain } from "../../storage/images";
import type { Facts } from "../facts";
import type { LayerFiles, OverlayHome } from "../readings/overlay-home";
import { readBehindRecords } from "./reading";
import { foreignLayers, layersById, overlayHome, wholeLayers } from "./store";

/** A layer that has a record and a directory, and what its small files say. */
export interface OverlayLayer {
  readonly id: StorageId;
  readonly home: OverlayHome;
  readonly directory: string;
  /** What `link` holds; undefined where it is missing. */
  readonly link: string | undefined;
  /** The names in `lower`, the nearest first; undefined where it is missing. */
  readonly lower: readonly string[] | undefined;
  /** The layers beneath, by the records. */
  readonly ancestors: readonly StorageId[];
  /** False where a parent that a record names has none itself: then nobody knows what lies beneath. */
  readonly rooted: boolean;
}

/** The directories of the overlay driver: the store's own, and that of a split image store. */
export function overlayHomes(facts: Facts): Promise<readonly OverlayHome[]> {
  return Promise.all(homesOf(facts).map((home) => readBehindRecords(facts, "overlayHome", home)));
}

/** What lies in the directories of layers, by their homes. */
export async function layerFiles(
  facts: Facts,
): Promise<ReadonlyMap<string, ReadonlyMap<string, LayerFiles>>> {
  const read = homesOf(facts).map(
    async (home) => [home, await readBehindRecords(facts, "layerFiles", home)] as const,
  );
  return new Map(await Promise.all(read));
}

function homesOf(facts: Facts): readonly string[] {
  const directories = facts.get(overlayHome);
  return directories === undefined ? [] : [...new Set([directories.home, directories.imageHome])];
}

/**
 * The layers of images and of CRI-O's containers that have a record and a directory. Those that went away meanwhile are
 * not among them.
 */
export async function overlayLayers(facts: Facts): Promise<readonly OverlayLayer[]> {
  const [homes, files, layers, records, foreign] = [
    await facts.get(overlayHomes),
    await facts.get(layerFiles),
    await facts.get(wholeLayers),
    await facts.get(layersById),
    await facts.get(foreignLayers),
  ];
  const parents = new Map([...records].map(([id, { parent }]) => [id, parent]));
  return layers.flatMap(({ id, parent }): OverlayLayer[] => {
    const home = homes.find((candidate) => candidate.layers.has(id));
    const read = home && files.get(home.home)?.get(id);
    if (home === undefined || read === undefined || foreign.has(id)) return [];
    const { link, lower } = read;
    const directory = `${home.home}/${id}`;
    if (link === undefined && lstatSync(directory, { throwIfNoEntry: false }) === undefined) return [];
    const ancestors = layerChain(parents, parent);
    const root = parents.get(ancestors.at(-1) ?? id) ?? "";
    return [{ id, home, directory, link, lower: lower?.split(":"), ancestors, rooted: root === "" }];
  });
}

/** The name that can be one of a short link; undefined for all else. */
export function linkNameIn(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Z0-9]{1,64}$/.test(text) ? text : undefined;
}

/** The name of a short link, as a `lower` file has it: `l/NAME`. */
export function lowerNameIn(text: string | undefined): string | undefined {
  return text?.startsWith("l/") === true ? linkNameIn(text.slice(2)) : undefined;
}
