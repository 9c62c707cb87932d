import { lstatSync, mkdirSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, errorMessage, fileError, isNotFound, KpodError } from "../errors";
import type { Logger } from "../logger";
import type { StorageId } from "../names/ids";
import { removeInodeFlags } from "../system/inode-flags";
import { randomBytes } from "../system/random";
import { removeIfThere, namesInDirectory } from "../system/files";
import { removeLargeTree, removeTree } from "../system/remove-tree";
import { unmountBelow } from "../system/unmount-below";
import type { StoreLayout } from "./layout";
import { lockAtOnce, signalOf, type HeldLock, type LockWait } from "./lock-file";

// As containers/storage names them since 1.60: `lock-XYZ`, which its maker holds locked, and `temp-dir-XYZ`.
const lockPrefix = "lock-";
const directoryPrefix = "temp-dir-";

/**
 * What could not be deleted, for the next one to try again: containers/storage would take a temporary directory that it
 * cannot delete for a reason to read no layers at all.
 */
const remainsPrefix = "remains-";

/** What ends a deletion. */
type Signal = LockWait["signal"] | undefined;

/** How often to try again when others take away what was just made. */
const attempts = 5;

/** A directory that is nobody else's, with its lock. */
interface TemporaryDirectory {
  readonly path: string;
  readonly lockPath: string;
  readonly lock: HeldLock;
  staged: number;
}

/** Which of the store's places for waiting directories one goes to. */
export type TemporaryPlace = keyof StoreLayout["temporaryRoots"];

/**
 * What a change of the store takes away, aside: it is moved under the store's locks, which takes no time, and deleted
 * when they are given back, which may take minutes. After a crash the next change deletes it, or containers/storage.
 */
export class Staging {
  /** The layers that were made or deleted by half, and that went before the change itself began. */
  readonly clearedLayers = new Set<StorageId>();
  private readonly directories = new Map<TemporaryPlace, TemporaryDirectory>();

  constructor(private readonly roots: StoreLayout["temporaryRoots"]) {}

  /**
   * Moves a file or directory aside, having unmounted what is mounted in it. What is not there is fine.
   * @throws KpodError IO, NOT_PERMITTED
   */
  stage(place: TemporaryPlace, path: string): void {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return;
    if (stats.isDirectory()) unmountBelow(path);
    const directory = this.directories.get(place) ?? makeDirectory(this.roots[place]);
    this.directories.set(place, directory);
    const target = join(directory.path, `${directory.staged}-${basename(path)}`);
    try {
      move(path, target);
      directory.staged++;
    } catch (error) {
      // Part of the store may lie on a disk of its own.
      if (errnoOf(error) === "EXDEV") removeTree(path);
      else throw fileError(`cannot remove ${path}`, error);
    }
  }

  /** Deletes at once what was moved aside so far, to make room on a full disk. */
  makeRoom(): void {
    for (const { path } of this.directories.values()) removeTree(path, { keepTop: true });
  }

  /**
   * Deletes all that was moved aside. It is to be called whatever became of the change, and without the store's locks.
   * @param logger is told what cannot be deleted: the next change tries again
   * @throws KpodError INTERRUPTED
   */
  async removeAll(logger: Logger, signal?: Signal): Promise<void> {
    const directories = [...this.directories.values()];
    this.directories.clear();
    try {
      for (const directory of directories) await removeTemporary(directory, logger, signal);
    } finally {
      // Those that it did not come to any more are left behind for all to see.
      for (const { lock } of directories) lock.release();
    }
  }
}

/**
 * Deletes what others moved aside and left there, crashed or failed. What somebody is still at work on stays.
 * @param logger is told what cannot be deleted
 * @throws KpodError INTERRUPTED
 */
export async function removeStaleDirectories(
  roots: StoreLayout["temporaryRoots"],
  logger: Logger,
  signal?: Signal,
): Promise<void> {
  for (const root of Object.values(roots)) {
    for (const id of idsIn(root)) {
      try {
        const lockPath = join(root, `${lockPrefix}${id}`);
        const lock = lockOf(lockPath);
        if (lock === undefined) continue;
        const path = join(root, `${directoryPrefix}${id}`);
        await removeTemporary({ path, lockPath, lock, staged: 0 }, logger, signal).finally(lock.release);
      } catch (error) {
        if (error instanceof KpodError && error.code === "INTERRUPTED") throw error;
        // A store that can only be read keeps them.
        if (errnoOf(error) !== "EROFS") logger.warn(errorMessage(error));
      }
    }
  }
}

function idsIn(root: string): Set<string> {
  const names = namesInDirectory(root);
  const prefixes = [lockPrefix, directoryPrefix, remainsPrefix];
  return new Set(
    prefixes.flatMap((prefix) =>
      names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
    ),
  );
}

/** The lock of what was left behind, made anew where it has gone. Undefined while it is somebody's. */
function lockOf(path: string): HeldLock | undefined {
  try {
    return lockAtOnce(path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  try {
    return lockAtOnce(path, true);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return undefined;
    throw error;
  }
}

function makeDirectory(root: string): TemporaryDirectory {
  for (let attempt = 1; ; attempt++) {
    const id = randomBytes(5).toString("hex");
    const [lockPath, path] = [join(root, `${lockPrefix}${id}`), join(root, `${directoryPrefix}${id}`)];
    try {
      // Where there is no directory of the driver at all, there is nothing to be moved either.
      mkdirSync(root, { recursive: true, mode: 0o700 });
      const lock = lockAtOnce(lockPath, true);
      if (lock !== undefined) return { path: made(path, lockPath, lock), lockPath, lock, staged: 0 };
    } catch (error) {
      if (!isNotFound(error)) throw fileError(`cannot make ${path}`, error);
    }
    // Somebody who removes what was left behind took it for such in the moment before it was locked.
    if (attempt === attempts) throw new KpodError("IO", `cannot make ${path}: others take it away`);
  }
}

function made(path: string, lockPath: string, lock: HeldLock): string {
  try {
    mkdirSync(path, { mode: 0o700 });
    return path;
  } catch (error) {
    removeIfThere(lockPath);
    lock.release();
    throw error;
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== "EPERM" || !removeInodeFlags(from)) throw error;
    renameSync(from, to);
  }
}

/** Deletes a temporary directory and then its lock, which until then tells others that somebody is at work. */
async function removeTemporary(
  { path, lockPath }: TemporaryDirectory,
  logger: Logger,
  signal: Signal,
): Promise<void> {
  const id = basename(lockPath).slice(lockPrefix.length);
  const remains = join(dirname(lockPath), `${remainsPrefix}${id}`);
  try {
    await removeLargeTree(remains, signalOf(signal));
    await removeLargeTree(path, signalOf(signal));
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    putAside(path, remains);
    logger.warn(error.message.replace(path, remains));
  }
  // Deleted while it is held: whoever opens it later makes a new one.
  removeIfThere(lockPath);
}

function putAside(path: string, remains: string): void {
  try {
    renameSync(path, remains);
  } catch (error) {
    if (!isNotFound(error)) throw fileError(`cannot move ${path} aside`, error);
  }
}
