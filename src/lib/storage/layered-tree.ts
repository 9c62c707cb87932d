import { lstatSync, openSync, readdirSync, type Stats } from "node:fs";
import { ifThere } from "../errors";
import { asDirectory, DeepDirectory, levelToSuspend, openDirectory } from "../system/deep-directory";
import { readAttribute } from "../system/extended-attributes";

/** An entry as it lies in one layer. */
interface LayerEntry {
  readonly stat: Stats;
  /** Opens it; undefined where it is no directory any more. */
  directory(): LayerDirectory | undefined;
}

/** What a name means in layers that lie over each other. */
export interface LayeredEntry {
  readonly stat: Stats;
  /** The directory that it is in, of the layer that it comes from. */
  readonly parent: LayerDirectory;
  /** Of a directory: those that are laid over each other, the uppermost first; open until they are closed. */
  readonly directories: readonly LayerDirectory[];
}

/** A directory of one layer. Names are bytes as latin1, so that they sort as bytes do. */
export class LayerDirectory extends DeepDirectory {
  private last: { readonly name: string; readonly entry: LayerEntry | undefined } | undefined;
  private opaque: boolean | undefined;

  /** @param rank how many layers are beneath its own */
  private constructor(
    descriptor: number,
    readonly rank: number,
  ) {
    super(descriptor);
  }

  /** @throws the error of the operating system */
  static open(path: Buffer | string, rank: number): LayerDirectory {
    return new LayerDirectory(openSync(path, asDirectory), rank);
  }

  /**
   * Reads the names of all its entries.
   * @param start of the path of each
   * @param plain is given the paths of those that are a file or a symbolic link for sure: neither a directory nor a whiteout
   * @returns the names of the others
   */
  namesByKind(start: string, plain: string[]): string[] {
    const others: string[] = [];
    for (const entry of readdirSync(this.at(""), { encoding: "latin1", withFileTypes: true })) {
      if (entry.isFile() || entry.isSymbolicLink()) plain.push(start + entry.name);
      else others.push(entry.name);
    }
    return others;
  }

  /** Opens a directory in it; undefined where that is something else, or gone. */
  directory(name: string): LayerDirectory | undefined {
    const fd = openDirectory(this.at(name));
    return fd === undefined ? undefined : new LayerDirectory(fd, this.rank);
  }

  entry(name: string): LayerEntry | undefined {
    if (this.last?.name === name) return this.last.entry;
    const entry = this.lookAt(name);
    this.last = { name, entry };
    return entry;
  }

  /** True where it hides what lies beneath it. */
  get isOpaque(): boolean {
    this.opaque ??= this.overlayAttribute("opaque") === "y";
    return this.opaque;
  }

  /** What it is called in the layers beneath: a name, or a path from the top; undefined where it is called the same. */
  get redirect(): string | undefined {
    return this.overlayAttribute("redirect");
  }

  private lookAt(name: string): LayerEntry | undefined {
    const stat = ifThere(() => lstatSync(this.at(name), { throwIfNoEntry: false }), "ELOOP", "ESTALE");
    if (stat === undefined) return undefined;
    let opened: LayerDirectory | undefined;
    return {
      stat,
      directory: () => {
        if (opened?.isOpen === true) return opened;
        opened = this.directory(name);
        return opened;
      },
    };
  }

  private overlayAttribute(name: string): string | undefined {
    return readAttribute(this.fd, `trusted.overlay.${name}`)?.toString("latin1");
  }
}

/** Where a walk is, or was on its way there. */
export interface Level {
  /** The directories that lie over each other there. */
  readonly directories: readonly LayerDirectory[];
}

/**
 * To be called when a walk has gone a level deeper: closes one that is far from either end. Only where a layer is alone is it
 * sure to be found again; images, in which several lie over each other, are not as deep.
 */
export function suspendAbove(levels: readonly Level[]): void {
  const index = levelToSuspend(levels.length);
  if (index === undefined || levels[index + 1]?.directories.length !== 1) return;
  const [only, second] = levels[index]?.directories ?? [];
  if (second === undefined) only?.suspend();
}

/**
 * Leaves the lowest level, and closes its directories; those of the top are of whoever opened them. The rest of what somebody
 * has moved away meanwhile is passed over.
 */
export function leaveLevel(levels: Level[]): void {
  const left = levels.pop();
  if (left === undefined || levels.length === 0) return;
  try {
    resumeAbove(levels, left);
  } finally {
    closeLevels([left]);
  }
}

export function closeLevels(levels: readonly Level[]): void {
  for (const { directories } of levels) for (const directory of directories) directory.close();
}

/** Opens the level again above one that was left, whose directories are still open. */
function resumeAbove(levels: Level[], { directories: [left] }: Level): void {
  for (let above = levels.at(-1); above !== undefined; above = levels.at(-1)) {
    if (above.directories.every(({ isOpen }) => isOpen)) return;
    if (left !== undefined && above.directories[0]?.resume(left) === true) return;
    levels.pop();
  }
}

/**
 * Opens the directories of layers that lie over each other.
 * @param paths the uppermost first
 * @throws the error of the operating system
 */
export function openLayers(paths: readonly string[]): LayerDirectory[] {
  const opened: LayerDirectory[] = [];
  try {
    for (const [index, path] of paths.entries())
      opened.push(LayerDirectory.open(path, paths.length - 1 - index));
    return opened;
  } catch (error) {
    for (const directory of opened) directory.close();
    throw error;
  }
}

/**
 * Finds what a name means, as the kernel's overlay file system does: whiteouts, opaque and redirected directories.
 * @param tops the uppermost directories of all layers, from which redirections lead
 * @param directories those of the layers at this place, the uppermost first
 */
export function lookUpLayered(
  tops: readonly LayerDirectory[],
  directories: readonly LayerDirectory[],
  name: string,
): LayeredEntry | undefined {
  let found: { stat: Stats; parent: LayerDirectory } | undefined;
  let sought = name;
  const below: LayerDirectory[] = [];
  for (const parent of directories) {
    const entry = parent.entry(sought);
    if (entry === undefined) continue;
    if (isWhiteout(entry.stat)) break;
    if (!entry.stat.isDirectory()) {
      found ??= { stat: entry.stat, parent };
      break;
    }
    const directory = entry.directory();
    if (directory === undefined) continue;
    found ??= { stat: entry.stat, parent };
    below.push(directory);
    if (directory.rank === 0 || directory.isOpaque) break;
    const { redirect } = directory;
    if (redirect === undefined) continue;
    if (redirect.startsWith("/")) {
      below.push(...lookUpBeneath(tops, directory.rank, redirect, (entry) => entry?.directories ?? []));
      break;
    }
    sought = redirect;
  }
  return found === undefined ? undefined : { ...found, directories: below };
}

/** The names of all that is to be seen in directories that lie over each other, and perhaps of what is not. */
export function namesIn(directories: readonly LayerDirectory[]): string[] {
  const [only, second] = directories;
  if (only === undefined) return [];
  if (second === undefined) return only.names();
  return [...new Set(directories.flatMap((directory) => directory.names()))];
}

/**
 * Finds what a path from the top means in the layers beneath one.
 * @param rank of the layer that says so
 * @param use is given what was found; the directory that it is in is open until it returns
 */
export function lookUpBeneath<T>(
  tops: readonly LayerDirectory[],
  rank: number,
  path: string,
  use: (entry: LayeredEntry | undefined) => T,
): T {
  let around: readonly LayerDirectory[] = [];
  let current: readonly LayerDirectory[] = tops.filter((top) => top.rank < rank);
  let entry: LayeredEntry | undefined;
  try {
    for (const name of path.split("/").filter((part) => part !== "")) {
      closeUnless(tops, around);
      around = current;
      entry = lookUpLayered(tops, current, name);
      current = entry?.directories ?? [];
    }
    return use(entry);
  } finally {
    closeUnless(tops, around);
  }
}

function closeUnless(kept: readonly LayerDirectory[], directories: readonly LayerDirectory[]): void {
  for (const directory of directories) if (!kept.includes(directory)) directory.close();
}

/** What overlay puts in the place of what a layer removed. */
function isWhiteout(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}
