import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { KpodError } from "../errors";
import type { SpecNamespace } from "../oci/spec";
import type { Sandbox } from "../sandbox/sandbox";
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

/**
 * The namespaces of a pod that a new container joins. Those that CRI-O did not pin, before 1.18, are those of the infra
 * container's process; one that its spec does not name at all is the node's, as the pod's maker wanted it.
 * @throws KpodError UNSUPPORTED for a pod with a user namespace; BAD_STATE when the infra container's process is not known
 */
export function namespacesOf(sandbox: Pick<Sandbox, "infraContainer" | "kubeName">): PodNamespaces {
  const { infraContainer, kubeName } = sandbox;
  const { namespaces = [], uidMappings } = infraContainer.spec.linux ?? {};
  if (
    namespaces.some(({ type }) => type === "user") ||
    (Array.isArray(uidMappings) && uidMappings.length > 0)
  ) {
    throw new KpodError(
      "UNSUPPORTED",
      `pod ${kubeName} has a user namespace, into which kpod makes no containers: they would be root on the node`,
      { hint: "make another pod" },
    );
  }
  const joined = (["network", "ipc", "uts"] as const).flatMap((type) => {
    const own = namespaces.find((namespace) => namespace.type === type);
    if (own === undefined) return [];
    if (own.path !== undefined && own.path !== "") return [[type, own.path] as const];
    const { pid = 0 } = infraContainer.state ?? {};
    if (pid <= 0) {
      throw new KpodError("BAD_STATE", `the ${type} namespace of pod ${kubeName} is not to be found`, {
        hint: "make another pod",
      });
    }
    return [[type, `/proc/${pid}/ns/${type === "network" ? "net" : type}`] as const];
  });
  return Object.fromEntries(joined);
}

/**
 * The namespaces of a container's spec: its own pid and mount namespaces, the pod's for the rest.
 * @param cgroup whether it has a cgroup namespace too: containers have with cgroups of version 2
 */
export function specNamespaces(shared: PodNamespaces, cgroup: boolean): SpecNamespace[] {
  const joined = (["network", "ipc", "uts"] as const).flatMap((type) => {
    const path = shared[type];
    return path === undefined ? [] : [{ type, path }];
  });
  return [{ type: "pid" }, ...joined, { type: "mount" }, ...(cgroup ? [{ type: "cgroup" } as const] : [])];
}
