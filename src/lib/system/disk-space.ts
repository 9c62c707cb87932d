import { closeSync, lstatSync, openSync, readdirSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileError, throwIfInterrupted } from "../errors";
import { asDirectory } from "./deep-directory";
import { readMounts, realPath } from "./mount";
import { walkTree } from "./tree";
import { unlessGone } from "./disk-usage";

/** What a file or a directory with all in it takes on the disk, in bytes. */
export interface DiskSpace {
  /** Its blocks, without those of files that were counted elsewhere by another of their names. */
  readonly used: number;
  /** What the disk gets back when it is removed: without the files that have a name elsewhere, too. */
  readonly freed: number;
}

/** Measures several files and directories: what has several names is counted where it is met first. */
export interface SpaceMeter {
  /**
   * Measures what is at a path: the blocks that are allocated, so that holes do not count, and those of directories, as
   * du(1) does. Symbolic links are not followed, what is mounted in it is somebody else's, and what vanishes meanwhile is
   * passed over.
   * @throws KpodError NOT_PERMITTED, IO, INTERRUPTED
   */
  readonly measure: (path: string, options?: SpaceOptions) => Promise<DiskSpace>;
}

/** What of a directory is measured. */
export interface SpaceOptions {
  /** The name of an entry that is left out. */
  readonly except?: string;
  /** Further paths that count with it, without what is in them. */
  readonly beside?: readonly string[];
}

/** Directories of a tree that are open at once; what is deeper goes the slower way of {@link walkTree}. */
const deepest = 64;

/** Entries between two looks at Ctrl-C. */
const entriesAtOnce = 2_048;

/** Bytes of what stat(2) calls a block, whatever the file system. */
const blockSize = 512;

/** Makes a {@link SpaceMeter}. @param signal ends a measuring with INTERRUPTED */
export function spaceMeter(signal?: AbortSignal): SpaceMeter {
  const counted = new Set<string>();
  const mounts = mountTargets();
  // Of a directory in which something is mounted the name is part of where that is: to look at its place costs more.
  const mountedNames = new Set(mounts.flatMap((target) => target.split("/")));
  const places = new Map<string, string>();
  /** The real path of something, whose directory is looked at once. */
  const placeOf = (path: string): string => {
    const directory = dirname(path);
    const real = places.get(directory) ?? realPath(directory);
    places.set(directory, real);
    return join(real, basename(path));
  };
  let entries = 0;

  const measure: SpaceMeter["measure"] = async (path, { except, beside = [] } = {}) => {
    const tally = new Tally(counted);
    try {
      for (const other of beside) {
        const found = lstatSync(other, { throwIfNoEntry: false });
        if (found !== undefined) tally.add(found);
      }
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) return tally.space();
      tally.add(stats);
      if (!stats.isDirectory()) return tally.space();
      // A directory that is mounted over another of the same file system is told by its number alone.
      const canHave = mountedNames.has(basename(path));
      const walk = canHave && hasMounts(mounts, placeOf(path), except) ? slowly : quickly;
      for (const found of walk(path, stats, except)) {
        if (found !== undefined) tally.add(found);
        if (++entries % entriesAtOnce > 0) continue;
        await nextTurn();
        throwIfInterrupted(signal, `measuring ${path}`);
      }
      return tally.space();
    } catch (error) {
      throw fileError(`cannot measure ${path}`, error);
    }
  };
  return { measure };
}

/** Counts blocks, those of a file with several names once. */
class Tally {
  private used = 0;
  private freed = 0;
  /** Of the files with several names: how many are still elsewhere, as far as is known. */
  private readonly linked = new Map<string, number>();

  constructor(private readonly counted: Set<string>) {}

  add(stats: Stats): void {
    const bytes = stats.blocks * blockSize;
    if (stats.nlink === 1 || stats.isDirectory()) {
      this.used += bytes;
      this.freed += bytes;
      return;
    }
    const inode = `${stats.dev}:${stats.ino}`;
    const elsewhere = (this.linked.get(inode) ?? stats.nlink) - 1;
    this.linked.set(inode, elsewhere);
    if (elsewhere === 0) this.freed += bytes;
    if (this.counted.has(inode)) return;
    this.counted.add(inode);
    this.used += bytes;
  }

  space(): DiskSpace {
    return { used: this.used, freed: this.freed };
  }
}

/** A directory that is being read. */
interface Open {
  /** Undefined for the top, which is read by its path. */
  readonly fd: number | undefined;
  /** Its path, with a slash at the end. */
  readonly place: string;
  /** What is still to be looked at, a character for each byte of a name. */
  names: string[];
}

/**
 * Yields what is in a directory of one file system; undefined for what has vanished or is mounted there. The top is of
 * the store itself and stays what it is; what is below may become a link while it is read, and is opened as none.
 */
function* quickly(top: string, { dev }: Stats, except: string | undefined): Generator<Stats | undefined> {
  const names = unlessGone(() => namesIn(top)) ?? [];
  const left = except === undefined ? undefined : Buffer.from(except).toString("latin1");
  const wanted = left === undefined ? names : names.filter((name) => name !== left);
  const stack: Open[] = [{ fd: undefined, place: `${top}/`, names: wanted }];
  const enter = (path: string | Buffer): void => {
    const fd = unlessGone(() => openSync(path, asDirectory));
    if (fd === undefined) return;
    const open: Open = { fd, place: `/proc/self/fd/${fd}/`, names: [] };
    stack.push(open);
    open.names = namesIn(open.place);
  };
  try {
    for (let current = stack.at(-1); current !== undefined; current = stack.at(-1)) {
      const name = current.names.pop();
      if (name === undefined) {
        if (current.fd !== undefined) closeSync(current.fd);
        stack.pop();
        continue;
      }
      const path = pathIn(current.place, name);
      const stats = unlessGone(() => lstatSync(path));
      const isOwn = stats?.dev === dev;
      yield isOwn ? stats : undefined;
      if (!isOwn || !stats.isDirectory()) continue;
      if (stack.length < deepest) enter(path);
      else yield* deep(path, stats);
    }
  } finally {
    for (const { fd } of stack) if (fd !== undefined) closeSync(fd);
  }
}

/** What is in a directory that lies deep in a tree. */
function* deep(path: string | Buffer, stats: Stats): Generator<Stats | undefined> {
  const fd = unlessGone(() => openSync(path, asDirectory));
  if (fd === undefined) return;
  try {
    yield* slowly(`/proc/self/fd/${fd}/.`, stats, undefined);
  } finally {
    closeSync(fd);
  }
}

/** The same as {@link quickly}, of any depth, and where something of the same file system is mounted in the tree. */
function* slowly(top: string, { dev }: Stats, except: string | undefined): Generator<Stats | undefined> {
  for (const { kind, directory, name } of walkTree(top)) {
    let above = directory;
    let own = name;
    for (; above.parent !== undefined; above = above.parent) own = above.name;
    if (kind === "mount" || (except !== undefined && own.equals(Buffer.from(except)))) {
      yield undefined;
      continue;
    }
    const stats = unlessGone(() => lstatSync(directory.at(name)));
    yield stats?.dev === dev ? stats : undefined;
  }
}

/** The names of any bytes at once, a character for each. */
function namesIn(directory: string): string[] {
  return readdirSync(directory, { encoding: "latin1" });
}

/** A text is the faster path, where it means the same bytes. */
function pathIn(place: string, name: string): string | Buffer {
  return /[\x80-\xFF]/.test(name)
    ? Buffer.concat([Buffer.from(place), Buffer.from(name, "latin1")])
    : place + name;
}

/** Where something is mounted, in the order of the letters. */
function mountTargets(): readonly string[] {
  return readMounts()
    .map(({ target }) => target)
    .sort();
}

function hasMounts(targets: readonly string[], path: string, except: string | undefined): boolean {
  const place = `${path}/`;
  let from = 0;
  for (let to = targets.length; from < to;) {
    const middle = (from + to) >> 1;
    if ((targets[middle] ?? "") < place) from = middle + 1;
    else to = middle;
  }
  for (; targets[from]?.startsWith(place) === true; from++) {
    const [first] = (targets[from] ?? "").slice(place.length).split("/");
    if (first !== except) return true;
  }
  return false;
}
