import { closeSync, fstatSync, readdirSync } from "node:fs";
import { errnoOf, KpodError } from "../errors";
import type { StorageId } from "../names/ids";
import { listLayered } from "../storage/layered-listing";
import { readTextIfThere } from "../system/files";
import { openInRoot, pathOfDescriptor } from "../system/open-in-root";
import type { FirstProcess } from "./first-process";
import { openProcessRoot } from "./process-root";

/** A name in a directory of a container. */
export interface ListedFile {
  readonly name: string;
  /** Also of a symbolic link that leads to one. */
  readonly isDirectory: boolean;
}

/** Where the file system of a container is looked for. */
export interface ListedContainer {
  readonly id: StorageId;
  /** Its read-write layer. */
  readonly layer: StorageId;
  /** The process that it was persisted with; undefined where it does not run. */
  readonly process: FirstProcess | undefined;
  /** The directories of its layers, the uppermost first. */
  readonly layers: () => readonly string[];
}

/**
 * Lists names in a directory of a container without a lock, a mount or a question to a runtime: of one that runs as its process
 * sees them, else in its layers. Nothing in the container leads out of it. Names that are not UTF-8 are left out.
 * @param path of the directory, as the container has it
 * @param beginning how the names begin
 * @param limit how many are looked at
 * @returns nothing where there is no such directory
 * @throws KpodError NOT_PERMITTED, IO; the error of the operating system
 */
export function listFiles(
  container: ListedContainer,
  path: string,
  beginning: string,
  limit: number,
): ListedFile[] {
  const root = processRoot(container);
  let left = limit;
  const wanted = (name: string): boolean => name.startsWith(beginning) && left-- > 0;
  try {
    return root === undefined ? ofLayers(container, path, wanted) : ofRoot(root.fd, path, wanted);
  } finally {
    root?.close();
  }
}

/** A process that was persisted long ago may be another one by now: that of the container has its layer mounted. */
function processRoot({ id, layer, process }: ListedContainer): ReturnType<typeof openProcessRoot> {
  if (process === undefined) return undefined;
  try {
    const root = openProcessRoot(process, id);
    if (root === undefined || readTextIfThere(`/proc/${process.pid}/mountinfo`)?.includes(layer) === true)
      return root;
    root.close();
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
  }
  return undefined;
}

function ofRoot(root: number, path: string, wanted: (name: string) => boolean): ListedFile[] {
  const open = (below: string): number => openInRoot(pathOfDescriptor(root), below);
  const directory = open(path);
  try {
    const entries = readdirSync(pathOfDescriptor(directory), { withFileTypes: true });
    return entries
      .filter(({ name }) => isText(name) && wanted(name))
      .map((entry) => {
        const { name } = entry;
        // Some file systems do not tell here what a name is.
        const isSure = entry.isDirectory() || entry.isFile();
        const isDirectory = isSure ? entry.isDirectory() : isDirectoryAt(() => open(`${path}/${name}`));
        return { name, isDirectory };
      });
  } finally {
    closeSync(directory);
  }
}

function isDirectoryAt(open: () => number): boolean {
  let fd: number | undefined;
  try {
    fd = open();
    return fstatSync(fd).isDirectory();
  } catch (error) {
    // It leads nowhere, or has just gone.
    if (error instanceof KpodError || errnoOf(error) !== undefined) return false;
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function ofLayers(
  { layers }: ListedContainer,
  path: string,
  wanted: (name: string) => boolean,
): ListedFile[] {
  const textOf = (name: string): string => Buffer.from(name, "latin1").toString();
  const listed = listLayered(layers(), Buffer.from(path).toString("latin1"), (name) => {
    const text = textOf(name);
    return isText(text) && wanted(text);
  });
  return listed.map(({ name, isDirectory }) => ({ name: textOf(name), isDirectory }));
}

/** False for what stands in the place of bytes that are none of UTF-8. */
function isText(name: string): boolean {
  return !name.includes("\uFFFD");
}
