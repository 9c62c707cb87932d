import { ifThere } from "../../errors";
import { mountNamespaceOf } from "../../system/namespaces";
import { allProcesses, readProcessList } from "../../system/process";
import type { Facts } from "../facts";

/** The mounts of a mount namespace, as a process in it has them. */
export interface NamespaceMounts {
  /** `mnt:[4026531841]`. */
  readonly namespace: string;
  readonly pid: number;
  /** What its mountinfo holds. */
  readonly text: string;
}

/** The mounts of all namespaces that processes are in, each told by one of these. */
export function namespaceMounts(facts: Facts): readonly NamespaceMounts[] {
  const seen = new Set<string>();
  return facts.get(allProcesses).flatMap(({ pid, isOfKernel }) => {
    if (isOfKernel) return [];
    const namespace = mountNamespaceOf(pid);
    if (namespace === undefined || seen.has(namespace)) return [];
    seen.add(namespace);
    const text = ifThere(() => readProcessList(pid, "mountinfo"), "EACCES") ?? "";
    return [{ namespace, pid, text }];
  });
}
