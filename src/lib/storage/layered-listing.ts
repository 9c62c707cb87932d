import { readlinkSync } from "node:fs";
import { ifThere } from "../errors";
import { lookUpLayered, namesIn, openLayers, type LayerDirectory } from "./layered-tree";

/** As many as the kernel follows. */
const mostLinks = 40;

/** What lies in a directory of layers that lie over each other. */
export interface LayeredName {
  /** Bytes as latin1. */
  readonly name: string;
  readonly isDirectory: boolean;
}

/**
 * Lists a directory of layers that lie over each other, as it would be seen if they were mounted. Symbolic links lead as in a
 * process whose root they are: out of the layers nothing leads.
 * @param paths directories of the layers, the uppermost first
 * @param path of the directory, bytes as latin1
 * @param wanted says which names are looked at
 * @returns nothing where there is no such directory
 * @throws the error of the operating system
 */
export function listLayered(
  paths: readonly string[],
  path: string,
  wanted: (name: string) => boolean,
): LayeredName[] {
  const tops = openLayers(paths);
  const opened: LayerDirectory[] = [...tops];
  const leadsToDirectory = (link: string): boolean => {
    const onTheWay: LayerDirectory[] = [];
    try {
      return walk(tops, link, onTheWay) !== undefined;
    } finally {
      // It may come by where the names are.
      for (const directory of onTheWay) if (!opened.includes(directory)) directory.close();
    }
  };
  try {
    const directories = walk(tops, path, opened) ?? [];
    return namesIn(directories)
      .filter(wanted)
      .flatMap((name) => {
        const entry = lookUpLayered(tops, directories, name);
        if (entry === undefined) return [];
        for (const directory of entry.directories) directory.close();
        const { stat } = entry;
        const isDirectory =
          stat.isDirectory() || (stat.isSymbolicLink() && leadsToDirectory(`${path}/${name}`));
        return [{ name, isDirectory }];
      });
  } finally {
    for (const directory of opened) directory.close();
  }
}

/**
 * @param opened is given what is opened on the way, for the caller to close
 * @returns what lies over each other where the path leads; undefined where that is no directory
 */
function walk(
  tops: readonly LayerDirectory[],
  path: string,
  opened: LayerDirectory[],
): readonly LayerDirectory[] | undefined {
  const way = [tops];
  const pending = path.split("/").reverse();
  let links = 0;
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (way.length > 1) way.pop();
      continue;
    }
    const entry = lookUpLayered(tops, way.at(-1) ?? [], part);
    if (entry === undefined) return undefined;
    if (entry.stat.isDirectory()) {
      opened.push(...entry.directories);
      way.push(entry.directories);
      continue;
    }
    if (!entry.stat.isSymbolicLink() || ++links > mostLinks) return undefined;
    const target = readLink(entry.parent.at(part));
    if (target === undefined) return undefined;
    if (target.startsWith("/")) way.splice(1);
    for (const name of target.split("/").reverse()) pending.push(name);
  }
  return way.at(-1);
}

function readLink(path: Buffer): string | undefined {
  return ifThere(() => readlinkSync(path, "buffer").toString("latin1"), "EINVAL");
}
