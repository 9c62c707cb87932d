import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isNotFound, KpodError } from "../errors";
import { isStorageId, type StorageId } from "../storage/ids";
import { acquireLock, type HeldLock } from "../storage/lock-file";
import {
  isRecord,
  parseJson,
  readTextIfThere,
  removeDirectoryIfEmpty,
  writeFileAtomic,
} from "../system/files";
import { namesFrom, type ContainerNames } from "./rename-names";

/** A rename that was begun: it is finished or taken back by whoever finds it after a crash. */
export interface RenameJournal {
  id: StorageId;
  from: ContainerNames;
  to: ContainerNames;
}

/** Where journals lie; there only while a rename is under way or was broken off. */
export function journalDirectory(root: string): string {
  return join(root, "kpod");
}

function pathOf(root: string, id: StorageId): string {
  return join(journalDirectory(root), `rename-${id}.json`);
}

/**
 * Notes a rename before it begins. The journal stays locked while its writer lives, so that nobody takes it
 * for one that was left behind.
 */
export async function beginJournal(root: string, journal: RenameJournal): Promise<HeldLock> {
  const path = pathOf(root, journal.id);
  const draft = `${path}.draft`;
  mkdirSync(journalDirectory(root), { recursive: true, mode: 0o700 });
  writeFileAtomic(draft, JSON.stringify(journal), 0o600);
  const lock = await acquireLock(draft, "write", { timeoutMs: 1_000 });
  renameSync(draft, path);
  return lock;
}

/** Removes the note of a rename that is through or taken back. */
export function endJournal(root: string, id: StorageId): void {
  rmSync(pathOf(root, id), { force: true });
  removeDirectoryIfEmpty(journalDirectory(root));
}

/** The renames that somebody left behind half done; each is locked for the caller. */
export async function abandonedJournals(root: string): Promise<{ journal: RenameJournal; lock: HeldLock }[]> {
  const found: { journal: RenameJournal; lock: HeldLock }[] = [];
  for (const name of journalNames(root)) {
    const path = join(journalDirectory(root), name);
    try {
      const lock = await acquireLock(path, "write", { timeoutMs: 1 });
      const journal = readJournal(path);
      if (journal === undefined) lock.release();
      else found.push({ journal, lock });
    } catch (error) {
      // Its writer is at work, or the store cannot be written: whoever can will find it later.
      if (!(error instanceof KpodError)) throw error;
    }
  }
  return found;
}

function journalNames(root: string): string[] {
  try {
    return readdirSync(journalDirectory(root)).filter((name) => /^rename-[0-9a-f]{64}\.json$/.test(name));
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

function readJournal(path: string): RenameJournal | undefined {
  const text = readTextIfThere(path);
  const value = text === undefined ? undefined : parseJson(path, text);
  if (!isRecord(value) || !isStorageId(value.id)) return undefined;
  const from = readNames(value.from);
  const to = readNames(value.to);
  return from === undefined || to === undefined ? undefined : { id: value.id, from, to };
}

function readNames(value: unknown): ContainerNames | undefined {
  if (!isRecord(value) || typeof value.name !== "string" || !isRecord(value.metadata)) return undefined;
  const { name, attempt } = value.metadata;
  if (typeof name !== "string" || typeof attempt !== "number") return namesFrom(value.name, 0);
  return { name: value.name, metadata: { name, attempt } };
}
