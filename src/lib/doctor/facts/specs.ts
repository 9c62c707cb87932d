import type { Facts } from "../facts";
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
