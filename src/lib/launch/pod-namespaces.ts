import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SpecNamespace } from "../oci/spec";
import { unmount } from "../system/mount";
import { pinNamespaces, type PinnedNamespaceType } from "../system/namespaces";
import { removeIfThere } from "../system/remove";

/** Directories below CRI-O's namespaces_dir, by kind. */
const directories: Record<PinnedNamespaceType, string> = { ipc: "ipcns", network: "netns", uts: "utsns" };

/** The namespaces that a pod's containers share, each pinned at a path. */
export type PodNamespaces = Partial<Record<PinnedNamespaceType, string>>;

/**
 * Where the namespaces of a pod that kpod made are pinned. CRI-O gives all of one pod the same random uuid; kpod
 * takes the pod's uid, which stands in its record: so they can be found although a crash left no spec.
 */
export function podNamespacePaths(namespacesDir: string, uid: string): Required<PodNamespaces> {
  const path = (type: PinnedNamespaceType): string => join(namespacesDir, directories[type], uid);
  return { network: path("network"), ipc: path("ipc"), uts: path("uts") };
}

/** Makes the shared namespaces of a new pod, pinned as CRI-O pins them. @param uid the pod's, a uuid */
export function makePodNamespaces(namespacesDir: string, uid: string, hostNetwork: boolean): PodNamespaces {
  const { network, ...own } = podNamespacePaths(namespacesDir, uid);
  const targets: PodNamespaces = hostNetwork ? own : { network, ...own };
  try {
    for (const target of Object.values(targets)) mkdirSync(dirname(target), { recursive: true });
    pinNamespaces(targets);
  } catch (error) {
    removePodNamespaces(targets);
    throw error;
  }
  return targets;
}

/** Unpins a pod's namespaces; they end with their last process. */
export function removePodNamespaces(namespaces: PodNamespaces): void {
  for (const target of Object.values(namespaces)) {
    while (unmount(target));
    removeIfThere(target);
  }
}

/** The namespaces of a container's spec: its own pid and mount namespaces, the pod's for the rest. */
export function specNamespaces(shared: PodNamespaces): SpecNamespace[] {
  const joined = (["network", "ipc", "uts"] as const).flatMap((type) => {
    const path = shared[type];
    return path === undefined ? [] : [{ type, path }];
  });
  return [{ type: "pid" }, ...joined, { type: "mount" }];
}
