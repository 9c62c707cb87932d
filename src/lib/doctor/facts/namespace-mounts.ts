import type { Facts } from "../facts";
import type { NamespaceMounts } from "../readings/namespace-mounts";
import { readBehindRecords } from "./reading";

/** The mounts of the namespaces in which a layer or the root of a debug session is mounted. */
export function namespaceMounts(facts: Facts): Promise<readonly NamespaceMounts[]> {
  return readBehindRecords(facts, "namespaceMounts", ["/merged", "kpod-debug-"]);
}
