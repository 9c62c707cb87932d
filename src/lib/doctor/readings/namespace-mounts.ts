import { ifThere } from "../../errors";
import { mountNamespaceOf } from "../../system/namespaces";
import { processIds, readProcessList } from "../../system/process";

/** The mounts of a mount namespace, as a process in it has them. */
export interface NamespaceMounts {
  /** `mnt:[4026531841]`. */
  readonly namespace: string;
  readonly pid: number;
  /** What its mountinfo holds. */
  readonly text: string;
}

/**
 * The mounts of all namespaces that processes are in, each told by one of these.
 * @param needles only those whose mounts name one of these
 */
export function readNamespaceMounts(needles: readonly string[]): readonly NamespaceMounts[] {
  const seen = new Set<string>();
  return processIds().flatMap((pid) => {
    const namespace = mountNamespaceOf(pid);
    if (namespace === undefined || seen.has(namespace)) return [];
    seen.add(namespace);
    const text = ifThere(() => readProcessList(pid, "mountinfo"), "EACCES") ?? "";
    return needles.some((needle) => text.includes(needle)) ? [{ namespace, pid, text }] : [];
  });
}
