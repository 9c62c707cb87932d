import { closeSync, constants, lstatSync, openSync, type Stats } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileError, isNotFound, KpodError, ifThere, throwIfInterrupted } from "../errors";
import { O_PATH, closing } from "./files";
import { mountOf, namesTo, walkTree, type TreeDirectory } from "./tree";
import { mountsBelow } from "./unmount-below";

/** Directories and files that are looked at between two looks at Ctrl-C. */
const atOnce = { left: 64, file: 4_096, mount: 64 };

/** How a tree is measured. */
export interface DiskUsageOptions {
  /** A copy of the tree as it was before: what is still the same as there is not counted. */
  base?: string | undefined;
  /** Ends the walk with INTERRUPTED. */
  signal?: AbortSignal | undefined;
}

/**
 * The bytes of all files below a directory, as they would read: holes count, directories do not, a file with
 * several hard links counts once, symbolic links are not followed, and what is mounted in it is somebody else's. Files
 * that vanish meanwhile are passed over. The sizes are those that containers/storage gives to what a layer changed.
 * @throws KpodError NOT_FOUND when the directory itself is not there, NOT_PERMITTED, IO, INTERRUPTED
 */
export async function diskUsage(directory: string, options: DiskUsageOptions = {}): Promise<number> {
  const { base, signal } = options;
  const counted = new Set<string>();
  const before = base === undefined ? undefined : new BaseTree(base);
  let bytes = 0;
  const seen = { left: 0, file: 0, mount: 0 };
  try {
    const hasMounts = mountsBelow(directory).length > 0;
    for (const { kind, directory: parent, name } of walkTree(directory)) {
      if (++seen[kind] % atOnce[kind] === 0) await nextTurn();
      throwIfInterrupted(signal, `measuring ${directory}`);
      if (kind !== "file") continue;
      const stats = look(parent.at(name));
      if (stats === undefined || stats.isDirectory() || (hasMounts && isMounted(parent, name))) continue;
      if (isFirstLink(stats, counted) && !isSame(stats, before?.look(parent, name))) bytes += stats.size;
    }
    return bytes;
  } catch (error) {
    if (error instanceof KpodError) throw error;
    if (isNotFound(error)) {
      throw new KpodError("NOT_FOUND", `cannot measure ${directory}: it does not exist`);
    }
    throw fileError(`cannot measure ${directory}`, error);
  } finally {
    before?.close();
  }
}

function isFirstLink(stats: Stats, counted: Set<string>): boolean {
  if (stats.nlink === 1) return true;
  const key = `${stats.dev}:${stats.ino}`;
  if (counted.has(key)) return false;
  counted.add(key);
  return true;
}

/** What containers/storage compares (statDifferent) to tell whether a copied file was changed. */
function isSame(stats: Stats, before: Stats | undefined): boolean {
  return (
    before !== undefined &&
    (["mode", "uid", "gid", "rdev", "size", "mtimeMs"] as const).every((key) => before[key] === stats[key])
  );
}

/** True where something is mounted over a file. */
function isMounted(parent: TreeDirectory, name: Buffer): boolean {
  const [own, above] = [parent.at(name), parent.at(".")].map((path) =>
    unlessGone(() => closing(openSync(path, O_PATH | constants.O_NOFOLLOW), mountOf)),
  );
  return own !== above;
}

function look(path: Buffer): Stats | undefined {
  return unlessGone(() => lstatSync(path));
}

/** What is read; undefined where it has gone meanwhile. */
export function unlessGone<T>(read: () => T): T | undefined {
  // ELOOP is a symbolic link where a directory was; ESTALE is the same as gone on a network file system.
  return ifThere(read, "ELOOP", "ESTALE");
}

/** A tree whose entries are looked up by their names from the top, one directory after the other. */
class BaseTree {
  private current: { of: TreeDirectory; fd: number | undefined } | undefined;

  constructor(private readonly top: string) {}

  /** The entry that is where another tree has one of its own. */
  look(parent: TreeDirectory, name: Buffer): Stats | undefined {
    if (this.current?.of !== parent) {
      this.close();
      this.current = { of: parent, fd: unlessGone(() => this.open(parent)) };
    }
    const { fd } = this.current;
    return fd === undefined ? undefined : look(entryOf(fd, name));
  }

  close(): void {
    if (this.current?.fd !== undefined) closeSync(this.current.fd);
    this.current = undefined;
  }

  private open(directory: TreeDirectory): number {
    const flags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    let fd = openSync(this.top, flags);
    const names = directory.parent === undefined ? [] : namesTo(directory.parent, directory.name);
    for (const name of names) {
      try {
        const next = openSync(entryOf(fd, name), flags);
        closeSync(fd);
        fd = next;
      } catch (error) {
        closeSync(fd);
        throw error;
      }
    }
    return fd;
  }
}

function entryOf(fd: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), name]);
}
