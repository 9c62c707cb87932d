import { basename } from "node:path";
import { annotations } from "../oci/annotations";
import type { Sandbox } from "../sandbox/sandbox";

/** What stands in the annotation by which pods and containers of kpod are told from those of CRI-O, which ignores it. */
export const createdByKpod = "kpod";

/**
 * True for a pod that kpod made. Those of its first versions bear no mark, but their namespaces are pinned under the
 * pod's uid, where CRI-O takes a name at random.
 * @throws KpodError CORRUPT when its spec cannot be read
 */
export function isMadeByKpod(sandbox: Sandbox): boolean {
  if (sandbox.infraContainer.annotation(annotations.createdBy) === createdByKpod) return true;
  return sandbox.uid !== "" && basename(sandbox.namespacePath("ipc")) === sandbox.uid;
}
