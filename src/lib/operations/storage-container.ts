import { lookUp } from "../names/lookup";
import type { ContainerRecord } from "../storage/records";
import type { Store } from "../storage/store";

/**
 * Finds the record of a container in the store, whoever made it: by full id, by any of its names, or by a
 * unique prefix of the id (libkpod: GetStorageContainer).
 * @throws KpodError NOT_FOUND, or AMBIGUOUS with the candidates
 */
export async function findStorageContainer(store: Store, nameOrId: string): Promise<ContainerRecord> {
  const records = await store.containers();
  const entries = records.map((record) => {
    const [first = ""] = record.names ?? [];
    return { id: record.id, name: record.names?.includes(nameOrId) === true ? nameOrId : first, record };
  });
  return lookUp("container", entries, nameOrId, () => []).record;
}
