import { dirname } from "node:path";
import type { StorageId } from "../../names/ids";
import type { Facts } from "../facts";
import { glanceAt, type Glance } from "../readings/spec-glances";
import { readBehindRecords } from "./reading";
import { ownRecords } from "./store";

/** The uids of CRI-O's pods in Kubernetes, by the ids of the pods. */
export async function podUids(facts: Facts): Promise<ReadonlyMap<string, string>> {
  const own = await facts.get(ownRecords);
  return new Map(
    [...own.values()].flatMap(({ record: { id }, metadata }) =>
      typeof metadata.uid === "string" && metadata.uid !== "" ? [[id as string, metadata.uid]] : [],
    ),
  );
}

/** What the spec of a container of CRI-O tells at a glance, as it lives through a reboot. */
export async function specGlances(facts: Facts): Promise<(id: StorageId) => Glance> {
  const {
    server: { store },
    options: { quick },
  } = facts;
  const directory = dirname(store.layout.containersFiles[0]);
  const read = await readBehindRecords(facts, "specGlances", directory, !quick);
  // It may have been made since.
  return (id) => read.get(id) ?? glanceAt(`${store.userdataDirectory(id)}/config.json`, !quick);
}
