import type { Logger } from "../logger";
import type { StorageId } from "./ids";
import type { StoreLayout } from "./layout";
import { dropRecord, editRecords, readRecords, type ContainerRecord } from "./records";

/**
 * The containers of a store: those that live through a reboot first, then the volatile ones of newer CRI-O.
 * As containers/storage reads them: a second record of one id does not count, a name belongs to the last
 * record that has it.
 */
export function readContainers(layout: StoreLayout, logger: Logger): ContainerRecord[] {
  const all = layout.containersFiles.flatMap((file) => readRecords<ContainerRecord>(file, logger));
  const byId = new Map<StorageId, ContainerRecord>();
  for (const record of all) if (!byId.has(record.id)) byId.set(record.id, record);
  const records = [...byId.values()];
  if (!hasTakenNames(records)) return records;
  const owners = new Map(records.flatMap((record) => (record.names ?? []).map((name) => [name, record.id])));
  return records.map((record) => {
    const noted = record.names ?? [];
    const names = noted.filter((name) => owners.get(name) === record.id);
    return names.length === noted.length ? record : { ...record, names };
  });
}

/** True where two records have the same name. */
function hasTakenNames(records: readonly ContainerRecord[]): boolean {
  const names = new Set<string>();
  let count = 0;
  for (const record of records) {
    for (const name of record.names ?? []) {
      names.add(name);
      count++;
    }
  }
  return names.size < count;
}

/**
 * Adds a record at the end of the file of containers that live through a reboot, or of the volatile ones where the
 * store is such. Needs the lock for writing.
 */
export function addContainer(layout: StoreLayout, touch: () => void, record: ContainerRecord): void {
  const [stable, volatile] = layout.containersFiles;
  editRecords(layout.newAreVolatile ? volatile : stable, touch, (entries) => [...entries, record]);
}

/** Drops a container's record from whichever file has it. Needs the lock for writing. */
export function dropContainer(layout: StoreLayout, touch: () => void, id: StorageId): void {
  dropRecord(layout.containersFiles, touch, id);
}
