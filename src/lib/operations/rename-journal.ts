import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, fileError, isNotFound, KpodError, orFileError, ifThere } from "../errors";
import { isStorageId, type StorageId } from "../names/ids";
import type { ServerView } from "../server-parts";
import { acquireLock, type HeldLock, type LockOptions } from "../storage/lock-file";
import { fileLimits, readTextIfThere, removeDirectoryIfEmpty, removeIfThere, closing } from "../system/files";
import { randomBytes } from "../system/random";
import { renameInAnnotations, type ContainerNames } from "./rename-names";

/**
 * The journal of a rename that was begun: it is finished or rolled back by whoever finds it after a crash. It stays
 * locked while its writer lives, so that nobody takes it for one that was left behind.
 */
export interface RenameJournal {
  id: StorageId;
  /** Removes the journal: the rename is through or rolled back. */
  end(): void;
  /** Leaves the journal to the next kpod that changes something. */
  release(): void;
}

/** How often to try again when others take the directory away. */
const attempts = 5;

/** Where journals lie; there only while a rename is under way or was broken off. */
export function journalDirectory(root: string): string {
  return join(root, "kpod");
}

/**
 * Writes the journal of a rename before it begins. The names in it are for humans: the container's record tells how far it came.
 * @param wait how long to wait for somebody who looks at whether the journal was left behind
 * @throws KpodError IO, NOT_PERMITTED, LOCK_TIMEOUT
 */
export async function beginJournal(
  root: string,
  id: StorageId,
  names: { from: ContainerNames; to: ContainerNames },
  wait: LockOptions,
): Promise<RenameJournal> {
  for (let attempt = 1; ; attempt++) {
    // No two journals have the same path: a lock on one that was removed says nothing of any other.
    const path = join(journalDirectory(root), `rename-${id}-${randomBytes(6).toString("hex")}.json`);
    try {
      createNew(path);
      const lock = await acquireLock(path, "write", wait);
      // Whoever locked it before found it empty, and took it away.
      if (existsSync(path)) return writtenJournal(root, path, id, { lock, text: JSON.stringify(names) });
      lock.release();
    } catch (error) {
      // The directory went with somebody else's last journal.
      if (attempt === attempts || !(error instanceof KpodError && isNotFound(error.cause))) throw error;
    }
  }
}

/**
 * The renames that somebody left behind half done; each is locked for the caller.
 * @param wait how long to wait for one that is still somebody's
 * @throws KpodError INTERRUPTED
 */
export async function abandonedJournals(root: string, wait: LockOptions): Promise<RenameJournal[]> {
  const found: RenameJournal[] = [];
  for (const name of journalNames(root)) {
    const id = idOf(name);
    const path = join(journalDirectory(root), name);
    if (!isStorageId(id)) continue;
    try {
      const journal = journalAt(root, path, id, await acquireLock(path, "write", wait));
      // An empty one was left before anything was renamed, or made by the lock on one that had just gone.
      if (readTextIfThere(path, fileLimits.word)?.trim()) found.push(journal);
      else journal.end();
    } catch (error) {
      // Its writer is at work, or the store cannot be written: whoever can will find it later.
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    }
  }
  return found;
}

/** The containers of which a rename is under way or was broken off. Nothing is locked or changed. */
export function containersInRename(root: string): StorageId[] {
  return journalNames(root).map(idOf).filter(isStorageId);
}

/**
 * Where a rename is under way or broke off, spec and state.json may have another name already, or still: what the record
 * says counts, by which the rename will be finished or rolled back.
 */
export function correctNames({ store, lists }: Pick<ServerView, "store" | "lists">): void {
  for (const id of containersInRename(store.layout.root)) {
    const container = lists.getContainer(id);
    if (container === undefined) continue;
    container.corrected = (annotations) => renameInAnnotations(annotations, container);
  }
}

function idOf(name: string): string {
  return name.slice("rename-".length, "rename-".length + 64);
}

function journalAt(root: string, path: string, id: StorageId, lock: HeldLock): RenameJournal {
  return {
    id,
    end: () => {
      removeIfThere(path);
      removeDirectoryIfEmpty(journalDirectory(root));
      lock.release();
    },
    release: () => {
      lock.release();
    },
  };
}

/** Nothing is in it until it is locked, so that nobody takes it for one that was left behind. */
function createNew(path: string): void {
  orFileError(`cannot write the journal of the rename ${path}`, () => {
    makeDirectory(dirname(path));
    closeSync(openSync(path, "wx", 0o600));
  });
}

function writtenJournal(
  root: string,
  path: string,
  id: StorageId,
  { lock, text }: { lock: HeldLock; text: string },
): RenameJournal {
  const journal = journalAt(root, path, id, lock);
  try {
    closing(openSync(path, "r+"), (fd) => {
      writeSync(fd, text);
      fsyncSync(fd);
    });
  } catch (error) {
    journal.end();
    throw fileError(`cannot write the journal of the rename ${path}`, error);
  }
  return journal;
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
}

function journalNames(root: string): string[] {
  // Asked at every update, and not there nearly always: an error of node's costs more than a question.
  if (!existsSync(journalDirectory(root))) return [];
  const names = ifThere(() => readdirSync(journalDirectory(root))) ?? [];
  return names.filter((name) => /^rename-[0-9a-f]{64}-[0-9a-f]{12}\.json$/.test(name));
}
