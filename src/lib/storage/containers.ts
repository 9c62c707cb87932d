import type { RecordsFile } from "../config";
import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { fileLimits, readBytesIfThere } from "../system/files";
import { parseContainerMetadata, type ContainerMetadata } from "./container-metadata";
import { mayBeDamaged } from "./damaged-metadata";
import { isStorageId, type StorageId } from "../names/ids";
import type { StoreLayout } from "./layout";
import {
  changeRecord,
  editRecords,
  findRecords,
  readRecords,
  removeRecord,
  type ContainerRecord,
} from "./records";

/**
 * The containers of a store: those that live through a reboot first, then the volatile ones of newer CRI-O.
 * As containers/storage reads them: a second record of one id does not count, a name belongs to the last
 * record that has it.
 */
export function readContainers(layout: StoreLayout, logger: Logger): ContainerRecord[] {
  const all = layout.containersFiles.flatMap((file) => readRecords<ContainerRecord>(file, logger));
  const byId = new Map<StorageId, ContainerRecord>();
  all.forEach((record) => {
    const first = byId.get(record.id);
    if (first === undefined) byId.set(record.id, record);
    else logger.warn(`the store has two records of ${nameIn(first)}: only the first one counts`);
  });
  const records = byId.size === all.length ? all : [...byId.values()];
  if (!hasTakenNames(records)) return records;
  const owners = new Map(records.flatMap((record) => (record.names ?? []).map((name) => [name, record.id])));
  return records.map((record) => {
    const persisted = record.names ?? [];
    const names = persisted.filter((name) => owners.get(name) === record.id);
    return names.length === persisted.length ? record : { ...record, names };
  });
}

/** A record in words: its short id with its name. */
function nameIn({ id, names }: ContainerRecord): string {
  return `${id.slice(0, 13)} (${names?.[0] ?? "without a name"})`;
}

/** Characters that stand for themselves in JSON, of which names and ids are made. */
const plainText = /^[\w.:@-]+$/;

/** Texts that are searched for one by one; to parse all records takes no longer than more searches. */
const mostSearches = 8;

/**
 * The containers that one of these texts may mean, by id, by name or as the last part of a path of names in
 * Kubernetes, and the infra containers of their pods.
 * @returns undefined where only all records tell
 */
export function findContainers(
  layout: StoreLayout,
  idsOrNames: readonly string[],
): ContainerRecord[] | undefined {
  if (idsOrNames.length > mostSearches) return undefined;
  const texts = idsOrNames.map((word) => word.slice(word.lastIndexOf("/") + 1));
  if (!texts.every((text) => plainText.test(text))) return undefined;
  const files = layout.containersFiles.map((path) => readBytesIfThere(path, fileLimits.records));
  const found = new Map<string, ContainerRecord>();
  const pods = new Set<string>();
  const damaged: ContainerRecord[] = [];
  const find = (text: string, isWanted: (record: ContainerRecord) => boolean): boolean =>
    files.every((bytes) => {
      const records = findRecords(bytes, text);
      for (const record of records ?? [])
        if (isWanted(record) && !found.has(record.id)) found.set(record.id, record);
      return records !== undefined;
    });
  const containers = texts.every((text) =>
    find(text, (record) => {
      const metadata = parseContainerMetadata(record.metadata);
      // What one with damaged metadata is called, and which is its pod, other files and records tell.
      if (metadata === undefined && mayBeDamaged(record)) damaged.push(record);
      if (metadata === undefined || !canMean(text, record, metadata)) return false;
      if (isStorageId(metadata["pod-id"])) pods.add(metadata["pod-id"]);
      return true;
    }),
  );
  const infra = [...pods].every((id) => find(`{"id":"${id}"`, () => true));
  return containers && infra && damaged.length === 0 ? [...found.values()] : undefined;
}

function canMean(text: string, { id, names }: ContainerRecord, metadata: ContainerMetadata): boolean {
  return (
    id.startsWith(text) ||
    metadata["metadata-name"] === text ||
    metadata.name === text ||
    names?.includes(text) === true
  );
}

/** True where two records have the same name. */
function hasTakenNames(records: readonly ContainerRecord[]): boolean {
  const names = new Set<string>();
  let count = 0;
  records.forEach((record) => {
    record.names?.forEach((name) => {
      names.add(name);
      count++;
    });
  });
  return names.size < count;
}

/**
 * Adds a record at the end of the file of containers that live through a reboot, or of the volatile ones where the
 * store is such. Needs the lock for writing.
 */
export function addContainer(
  layout: StoreLayout,
  touch: () => void,
  record: ContainerRecord,
  place: RecordsFile,
): void {
  const [stable, volatile] = layout.containersFiles;
  editRecords(place === "volatile" ? volatile : stable, touch, (entries) => [...entries, record]);
}

/**
 * Changes a container's names or metadata. Needs the lock for writing.
 * @throws KpodError NOT_FOUND, or CONFLICT when another has one of the names
 */
export function changeContainer(
  layout: StoreLayout,
  touch: () => void,
  id: StorageId,
  fields: Partial<Pick<ContainerRecord, "names" | "metadata">>,
  logger: Logger,
): void {
  const others = readContainers(layout, logger).filter((record) => record.id !== id);
  const holder = others.find((record) => record.names?.some((name) => fields.names?.includes(name)));
  if (holder !== undefined) {
    const name = holder.names?.find((taken) => fields.names?.includes(taken)) ?? "";
    throw new KpodError("CONFLICT", `conflict, name "${name}" already reserved for ctr "${holder.id}"`);
  }
  if (!changeRecord(layout.containersFiles, touch, id, fields)) {
    throw new KpodError("NOT_FOUND", `container ${id} is not in the store ${layout.root}`);
  }
}

/** Removes a container's record from whichever file has it. Needs the lock for writing. */
export function removeContainerRecord(layout: StoreLayout, touch: () => void, id: StorageId): void {
  removeRecord(layout.containersFiles, touch, id);
}
