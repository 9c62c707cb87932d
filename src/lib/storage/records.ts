import { lstatSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, KpodError } from "../errors";
import type { Logger } from "../logger";
import { isStorageId, type StorageId } from "../names/ids";
import { parseExactJson } from "../system/exact-json";
import {
  fileLimits,
  isRecord,
  isTemporaryOf,
  parseJson,
  readTextIfThere,
  removeIfThere,
  writeFileAtomic,
} from "../system/files";

/**
 * A record of containers.json, layers.json or images.json as it stands on disk. Fields that kpod does not
 * know are in it too and keep their place when it is written back.
 */
export interface StorageRecord {
  id: StorageId;
  names?: string[];
  /** RFC 3339 with nanoseconds. */
  created?: string;
  metadata?: string;
  "big-data-names"?: string[];
  "big-data-sizes"?: Record<string, number>;
  flags?: Record<string, unknown>;
  [unknown: string]: unknown;
}

/** A record of containers.json. */
export interface ContainerRecord extends StorageRecord {
  /** Id of the image that the container was made from. */
  image?: string;
  /** Id of its read-write layer. */
  layer?: string;
}

/** A record of layers.json. */
export interface LayerRecord extends StorageRecord {
  parent?: string;
  /** Bytes of the layer's content, where the store knows it. */
  "diff-size"?: number;
  "diff-digest"?: string;
}

/** A record of images.json. */
export interface ImageRecord extends StorageRecord {
  digest?: string;
  /** Id of the top layer. */
  layer?: string;
}

/**
 * Reads the records of one file of the store; a file that is missing or empty holds none. Records without a
 * valid id are skipped with a warning, and so stay out of reach of everything that builds paths from ids. Of one
 * that has an id, fields of a wrong kind are left open, with a warning.
 * @throws KpodError CORRUPT when the file is not a JSON array, IO when it cannot be read
 */
export function readRecords<R extends StorageRecord>(path: string, logger: Logger): R[] {
  const entries = readRawRecords(path);
  if (entries.every(isUsableRecord)) return entries as R[];
  return entries.flatMap((entry, index) => (isUsableRecord(entry) ? entry : repaired(entry, index)) as R[]);

  function repaired(entry: unknown, index: number): StorageRecord[] {
    if (!isRecord(entry) || !isStorageId(entry.id)) {
      const names = isRecord(entry) && isTextList(entry.names) ? `, named ${entry.names.join(" and ")}` : "";
      logger.warn(`${path} holds a record without a valid id (entry ${index + 1}${names}): it is left out`);
      return [];
    }
    const { id, ...fields } = entry;
    const wrong = Object.keys(fields).filter((key) => !isOfItsKind(key, fields[key]));
    const told = wrong.filter((key) => fields[key] !== null);
    if (told.length > 0) {
      logger.warn(`${path}: the record of ${id.slice(0, 13)} has a wrong value as ${told.join(", ")}`);
    }
    const kept = Object.entries(fields).filter(([key]) => !wrong.includes(key));
    return [{ id, ...Object.fromEntries(kept) }];
  }
}

/** The remedy for a file of records, or of mounts, that is torn. */
export const tornRecordsHint = "kpod doctor --mend storage.record-corrupt keeps what is whole in it";

/** All entries of a file, as unknown as they are. */
function readRawRecords(path: string): unknown[] {
  const text = readTextIfThere(path, fileLimits.records);
  return text === undefined || text.trim() === "" ? [] : listIn(path, parseJson(path, text, tornRecordsHint));
}

function listIn(path: string, content: unknown): unknown[] {
  if (content === null) return [];
  if (!Array.isArray(content)) {
    throw new KpodError("CORRUPT", `${path} does not hold a list of records`, {
      hint: tornRecordsHint,
    });
  }
  return content as unknown[];
}

/** True for what can be a record: with a valid id, and fields of the right kinds. */
export function isUsableRecord(record: unknown): record is StorageRecord {
  if (!isRecord(record) || !isStorageId(record.id)) return false;
  const { names } = record;
  if (names !== undefined && names !== null && !isTextList(names)) return false;
  // A call for each field of a thousand records would be a fifth of the time that reading them takes.
  for (const field of textFields) {
    const value = record[field];
    if (value !== undefined && typeof value !== "string") return false;
  }
  return true;
}

const textFields: readonly string[] = ["metadata", "created", "image", "layer", "parent", "digest"];

/** Whether a field of a record holds what {@link isUsableRecord} asks for. */
function isOfItsKind(key: string, value: unknown): boolean {
  if (key === "names") return value === null || isTextList(value);
  return !textFields.includes(key) || isTextOrNone(value);
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/**
 * Rewrites one file of records under the caller's lock. The edit gets every entry, the ones that kpod cannot
 * use included, and returns what is to stand there; returning the same list writes nothing.
 * @param touch called before the file is replaced: the lock file's last-writer id
 */
export function editRecords(
  path: string,
  touch: () => void,
  edit: (entries: readonly unknown[]) => readonly unknown[],
): void {
  const text = readTextIfThere(path, fileLimits.records) ?? "";
  // What is written back keeps the digits of all its numbers.
  const { value, stringify } = parseExactJson(path, text.trim() === "" ? "[]" : text, tornRecordsHint);
  const before = listIn(path, value);
  const after = edit(before);
  if (after === before) return;
  touch();
  writeFileAtomic(path, stringify(after), 0o600);
}

/**
 * Removes what a kpod that was killed while it wrote one of these files left beside it, best effort. Needs the lock for
 * writing: nobody else is writing then, and what is young stays all the same.
 */
export function removeStaleWrites(files: readonly string[]): void {
  for (const file of files) {
    try {
      const names = readdirSync(dirname(file)).filter((name) => isTemporaryOf(name, file));
      for (const path of names.map((name) => join(dirname(file), name))) {
        const stat = lstatSync(path, { throwIfNoEntry: false });
        if (stat?.isFile() === true && Date.now() - stat.mtimeMs > staleAfter) removeIfThere(path);
      }
    } catch (error) {
      // Who cannot write there is told so by what was to be written.
      if (errnoOf(error) === undefined) throw error;
    }
  }
}

/** Milliseconds after which nobody writes a file of records any more. */
const staleAfter = 60_000;

/** Removes the record of an id from whichever of the files has it; the others are not written. */
export function removeRecord(files: readonly string[], touch: () => void, id: StorageId): void {
  for (const file of files) {
    editRecords(file, touch, (entries) =>
      entries.some((entry) => hasId(entry, id)) ? entries.filter((entry) => !hasId(entry, id)) : entries,
    );
  }
}

/**
 * Changes fields of a record, in whichever of the files has it; its other fields keep value and place.
 * @returns whether there was such a record
 */
export function changeRecord(
  files: readonly string[],
  touch: () => void,
  id: StorageId,
  fields: Partial<Pick<StorageRecord, "names" | "metadata">>,
): boolean {
  let found = false;
  for (const file of files) {
    editRecords(file, touch, (entries) => {
      if (found || !entries.some((entry) => hasId(entry, id))) return entries;
      found = true;
      return entries.map((entry) => (hasId(entry, id) ? Object.assign({}, entry, fields) : entry));
    });
  }
  return found;
}

/** True for the raw entry of an id. */
export function hasId(entry: unknown, id: StorageId): boolean {
  return isRecord(entry) && entry.id === id;
}

/** How a record begins as Go writes it. Quotes within texts are escaped in JSON: no text can look like this. */
const recordStart = '{"id":"';
const betweenRecords = `},${recordStart}`;

/**
 * The records of a file in which a text occurs, wherever in them, found in its bytes: to parse a thousand records
 * for one of them takes longer than all else that a look at one container does.
 * @param bytes what a file of records holds
 * @param text of characters that stand for themselves in JSON
 * @returns undefined for a file that is not written as Go writes it: then it has to be parsed
 */
export function findRecords(bytes: Buffer, text: string): StorageRecord[] | undefined {
  const end = lengthWithoutSpace(bytes);
  if (end === 0 || (end === 2 && bytes.toString("latin1", 0, 2) === "[]")) return [];
  if (bytes.toString("latin1", 0, 1 + recordStart.length) !== `[${recordStart}`) return undefined;
  if (bytes.toString("latin1", end - 2, end) !== "}]") return undefined;
  const found: StorageRecord[] = [];
  for (let at = bytes.indexOf(text); at >= 0;) {
    const start = bytes.lastIndexOf(recordStart, at);
    // Something in a record that looks like the beginning of one is of a form that nobody knows.
    if (start < 1 || (start > 1 && bytes.toString("latin1", start - 2, start) !== "},")) return undefined;
    const next = bytes.indexOf(betweenRecords, at);
    const stop = next < 0 ? end - 1 : next + 1;
    const record = parsed(bytes.toString("utf8", start, stop));
    if (record === undefined) return undefined;
    found.push(record);
    at = bytes.indexOf(text, stop);
  }
  return found;
}

function lengthWithoutSpace(bytes: Buffer): number {
  let length = bytes.length;
  while (length > 0 && (bytes[length - 1] ?? 0) <= 0x20) length--;
  return length;
}

function parsed(text: string): StorageRecord | undefined {
  try {
    const record: unknown = JSON.parse(text);
    return isUsableRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}
