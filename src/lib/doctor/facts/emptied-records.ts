import { existsSync, lstatSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ifThere, KpodError, tolerate } from "../../errors";
import { isStorageId } from "../../names/ids";
import type { Store } from "../../storage/store";
import { namesInDirectory, parseJson } from "../../system/files";
import { rebuiltContainers } from "./rebuilt-containers";

/** A file of records without a byte, whose records are known to be lost by what lies beside it. */
export interface EmptiedFile {
  readonly path: string;
  readonly kind: "containers" | "images";
  readonly says: string;
}

/**
 * The files of containers and images that have no byte though these have their directories, as after a loss of power: who
 * writes them writes at least `[]`. All programs read them as lists without records, and what they do then is lost for good.
 */
export function emptiedFiles(store: Store): readonly EmptiedFile[] {
  const { containersFiles, imagesFile } = store.layout;
  const [stable, volatile] = containersFiles;
  // Where both are empty, the records were where CRI-O writes them. What a torn one has lost is told of that.
  const emptied = isEmptied(volatile)
    ? volatile
    : isEmptied(stable) && isWhole(volatile)
      ? stable
      : undefined;
  const containers = emptied === undefined ? [] : rebuiltContainers(store, { path: emptied, whole: [] });
  const images = isEmptied(imagesFile) ? imagesWithDirectory(dirname(imagesFile)) : 0;
  return [
    ...(emptied === undefined || containers.length === 0
      ? []
      : [{ path: emptied, kind: "containers" as const, says: lacks(containers.length, "containers") }]),
    ...(images === 0 ? [] : [{ path: imagesFile, kind: "images" as const, says: lacks(images, "images") }]),
  ];
}

/**
 * Keeps what a file has lost from being taken for nobody's.
 * @param kinds the files that are asked for
 * @throws KpodError CORRUPT
 */
export function requireRecords(store: Store, kinds: readonly EmptiedFile["kind"][]): void {
  const emptied = emptiedFiles(store).find(({ kind }) => kinds.includes(kind));
  if (emptied !== undefined) throw new KpodError("CORRUPT", `${emptied.path} ${emptied.says}`);
}

function isEmptied(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.size === 0;
}

function isWhole(path: string): boolean {
  const text = ifThere(() => readFileSync(path, "utf8"));
  return text === undefined || tolerate(undefined, () => parseJson(path, text)) !== undefined;
}

function imagesWithDirectory(directory: string): number {
  return namesInDirectory(directory).filter(
    (name) => isStorageId(name) && existsSync(join(directory, name, "manifest")),
  ).length;
}

function lacks(count: number, what: string): string {
  return `has no bytes, and lacks ${count} ${what} that have their directories`;
}
