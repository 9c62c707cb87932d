import { lstatSync } from "node:fs";
import { fileError, isNotFound, KpodError } from "../../errors";
import { isStorageId, type StorageId } from "../../names/ids";
import { targetOf } from "../../storage/overlay-links";
import { namesInDirectory } from "../../system/files";
import { readSmallText } from "../../system/scratch";

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

/** What lies in the directory of a layer. */
export interface LayerFiles {
  /** What `link` holds; undefined where it is missing, "" for what is no file. */
  readonly link: string | undefined;
  /** What `lower` holds, likewise. */
  readonly lower: string | undefined;
  /** True where nothing was ever made in `merged` while it was not mounted: it has its first time, or is not there. */
  readonly isUntouched: boolean;
}

/** Reads which layers have a directory, and where the short links lead. @throws KpodError NOT_PERMITTED, IO */
export function readOverlayHome(home: string): OverlayHome {
  const layers = new Set<string>(namesInDirectory(home).filter(isStorageId));
  const place = `${home}/l`;
  const stat = lstatSync(place, { throwIfNoEntry: false });
  const links = stat === undefined ? "missing" : stat.isDirectory() ? "directory" : "other";
  const targets = new Map<string, string>();
  const namesOf = new Map<string, string[]>();
  for (const name of links === "directory" ? namesInDirectory(place) : []) {
    const target = targetOf(`${place}/${name}`);
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

/** Reads what lies in the directory of each layer. @throws KpodError NOT_PERMITTED, IO */
export function readLayerFiles(home: string): ReadonlyMap<string, LayerFiles> {
  return new Map(
    namesInDirectory(home).flatMap((id) => (isStorageId(id) ? [[id, filesIn(`${home}/${id}`)]] : [])),
  );
}

function filesIn(directory: string): LayerFiles {
  const [link, lower] = [smallFile(`${directory}/link`), smallFile(`${directory}/lower`)];
  // To list a thousand takes long.
  const merged = lstatSync(`${directory}/merged`, { throwIfNoEntry: false });
  const isUntouched =
    merged === undefined || (merged.birthtimeMs > 0 && merged.mtimeMs === merged.birthtimeMs);
  return { link, lower, isUntouched };
}

/** The layer to which a short link leads. */
export function layerIn(target: string): StorageId | undefined {
  const [, id] = /^\.\.\/([^/]+)\/diff$/.exec(target) ?? [];
  return isStorageId(id) ? id : undefined;
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
