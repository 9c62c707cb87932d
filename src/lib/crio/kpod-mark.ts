import { basename } from "node:path";
import { annotations } from "../oci/annotations";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";

/** What stands in the annotation by which pods and containers of kpod are told from those of CRI-O, which ignores it. */
export const createdByKpod = "kpod";

/** True for a container that bears it. @throws KpodError CORRUPT when its spec cannot be read */
export function hasKpodMark(container: Pick<Container, "annotation">): boolean {
  return container.annotation(annotations.createdBy) === createdByKpod;
}

/**
 * True for a pod that kpod made. Those of its first versions bear no mark, but their namespaces are pinned under the
 * pod's uid, where CRI-O takes a name at random.
 * @throws KpodError CORRUPT when its spec cannot be read
 */
export function isMadeByKpod(sandbox: Sandbox): boolean {
  if (hasKpodMark(sandbox.infraContainer)) return true;
  return sandbox.uid !== "" && basename(sandbox.namespacePath("ipc")) === sandbox.uid;
}
