import { lstatSync, statSync } from "node:fs";
import { join } from "node:path";
import { ifThere } from "../errors";
import { isStorageId } from "../names/ids";
import { namesInDirectory } from "../system/files";
import type { Debris } from "./step";

/** What a directory holds of containers that are gone. */
export interface FoundDebris {
  /** How many names are in it. */
  readonly entries: number;
  readonly names: readonly string[];
}

/**
 * Finds what containers that are gone have left in a directory: exit files, or links of conmon that lead nowhere.
 * @param known gives the ids of all containers and pods, and is asked after the names: what is made has its record first
 * @param least with fewer names in the directory nothing is looked at
 */
export async function findDebris(
  { directory, kind, before }: Debris,
  known: () => Promise<ReadonlySet<string>>,
  least = 0,
): Promise<FoundDebris> {
  const names = namesInDirectory(directory);
  if (names.length < least) return { entries: names.length, names: [] };
  const ids = await known();
  const isLeft = kind === "exit-files" ? isOldFile(before) : leadsNowhere;
  return {
    entries: names.length,
    names: names.filter((name) => isStorageId(name) && !ids.has(name) && isLeft(join(directory, name))),
  };
}

function isOldFile(before: number): (path: string) => boolean {
  return (path) => {
    const stat = ifThere(() => lstatSync(path));
    return stat?.isFile() === true && stat.mtimeMs < before;
  };
}

function leadsNowhere(path: string): boolean {
  const stat = ifThere(() => lstatSync(path));
  return stat?.isSymbolicLink() === true && statSync(path, { throwIfNoEntry: false }) === undefined;
}
