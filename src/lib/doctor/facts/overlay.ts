import { lstatSync } from "node:fs";
import { join } from "node:path";
import { fileError, isNotFound, KpodError } from "../../errors";
import { isStorageId, type StorageId } from "../../names/ids";
import { layerChain } from "../../storage/images";
import { targetOf } from "../../storage/overlay-links";
import { namesInDirectory } from "../../system/files";
import { readSmallText } from "../../system/scratch";
import type { Facts } from "../facts";
import { foreignLayers, layersById, overlayHome, wholeLayers } from "./store";

/** A directory of the overlay driver, with its short links. */
export interface OverlayHome {
  readonly home: string;
  /** The layers that have a directory. */
  readonly layers: ReadonlySet<string>;
  /** What `l` is. */
  readonly links: "directory" | "missing" | "other";
  /** Where each name in `l` leads; "" for what is no link. */
  readonly targets: ReadonlyMap<string, string>;
  /** The names in `l` that lead to the `diff` of a layer. */
  readonly namesOf: ReadonlyMap<string, readonly string[]>;
}

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
export function overlayHomes(facts: Facts): readonly OverlayHome[] {
  const directories = facts.get(overlayHome);
  if (directories === undefined) return [];
  return [...new Set([directories.home, directories.imageHome])].map(readHome);
}

function readHome(home: string): OverlayHome {
  const layers = new Set<string>(namesInDirectory(home).filter(isStorageId));
  const place = join(home, "l");
  const stat = lstatSync(place, { throwIfNoEntry: false });
  const links = stat === undefined ? "missing" : stat.isDirectory() ? "directory" : "other";
  const targets = new Map<string, string>();
  const namesOf = new Map<string, string[]>();
  for (const name of links === "directory" ? namesInDirectory(place) : []) {
    const target = targetOf(join(place, name));
    if (target === undefined) continue;
    targets.set(name, target);
    const layer = layerIn(target);
    if (layer === undefined) continue;
    const names = namesOf.get(layer);
    if (names === undefined) namesOf.set(layer, [name]);
    else names.push(name);
  }
  return { home, layers, links, targets, namesOf };
}

/** The layer to which a short link leads. */
export function layerIn(target: string): StorageId | undefined {
  const [, id] = /^\.\.\/([^/]+)\/diff$/.exec(target) ?? [];
  return isStorageId(id) ? id : undefined;
}

/**
 * The layers of images and of CRI-O's containers that have a record and a directory. Those that went away meanwhile are
 * not among them.
 */
export async function overlayLayers(facts: Facts): Promise<readonly OverlayLayer[]> {
  const homes = facts.get(overlayHomes);
  const [layers, records, foreign] = [
    await facts.get(wholeLayers),
    await facts.get(layersById),
    await facts.get(foreignLayers),
  ];
  const parents = new Map([...records].map(([id, { parent }]) => [id, parent]));
  return layers.flatMap(({ id, parent }): OverlayLayer[] => {
    const home = homes.find((candidate) => candidate.layers.has(id));
    if (home === undefined || foreign.has(id)) return [];
    const directory = join(home.home, id);
    const [link, lower] = [smallFile(join(directory, "link")), smallFile(join(directory, "lower"))];
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

/** The text of one of the driver's small files; "" for what is no file, undefined for what is not there. */
export function smallFile(path: string): string | undefined {
  try {
    return readSmallText(path, "latin1");
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (error instanceof KpodError) return "";
    throw fileError(`cannot read ${path}`, error);
  }
}
