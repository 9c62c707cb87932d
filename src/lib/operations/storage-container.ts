import { lookUp } from "../lookup";
import type { ContainerRecord } from "../storage/records";
import type { Store } from "../storage/store";

/**
 * Finds the record of a container in the store, whoever made it: by full id, by any of its names, or by a
 * unique prefix of the id (libkpod: GetStorageContainer).
 * @throws KpodError NOT_FOUND, or AMBIGUOUS with the candidates
 */
export async function findStorageContainer(store: Store, nameOrId: string): Promise<ContainerRecord> {
  const records = await store.containers();
  const named = records.find(({ names }) => names?.includes(nameOrId) === true);
  if (named !== undefined) return named;
  const entries = records.map((record) => ({ id: record.id, name: record.names?.[0] ?? "", record }));
  return lookUp("container", entries, nameOrId, () => []).record;
}
