import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { KpodError } from "../errors";
import type { IdMappings, SpecIdMapping, SpecNamespace } from "../oci/spec";
import { namespaceDirectories, type SharedNamespaceType } from "../operations/pod-mounts";
import type { Sandbox } from "../sandbox/sandbox";
import { unmount } from "../system/mount";
import { pinNamespaces, type PinnedNamespaceType } from "../system/pinned-namespaces";
import { pinOwnedNamespaces, type IdRangeText } from "../system/pinned-user-namespace";
import { removeIfThere } from "../system/files";
import { idMappingsOf } from "./user-namespace";

/** The namespaces that a pod's containers share, each pinned at a path. */
export type PodNamespaces = Partial<Record<PinnedNamespaceType, string>>;

/**
 * Where the namespaces of a pod that kpod made are pinned. CRI-O gives all of one pod the same random uuid; kpod
 * takes the pod's uid, which stands in its record: so they can be found although a crash left no spec.
 */
export function podNamespacePaths(namespacesDir: string, uid: string): Required<PodNamespaces> {
  const path = (type: PinnedNamespaceType): string => pinPath(namespacesDir, type, uid);
  return { network: path("network"), ipc: path("ipc"), uts: path("uts") };
}

function pinPath(namespacesDir: string, type: SharedNamespaceType, uid: string): string {
  return join(namespacesDir, namespaceDirectories[type], uid);
}

/** The namespaces of a new pod: what it has, and where that is pinned. */
export type MadeNamespaces = Omit<ContainerNamespaces, "pid">;

/**
 * Makes the shared namespaces of a new pod, pinned as CRI-O pins them.
 * @param pod.uid the pod's, a uuid
 * @param pod.mappings gives it a user namespace, to which the others belong
 * @throws KpodError UNSUPPORTED where the kernel makes none; and errors of the operating system
 */
export async function makePodNamespaces(
  namespacesDir: string,
  {
    uid,
    hostNetwork,
    hostIpc = false,
    mappings,
  }: { uid: string; hostNetwork: boolean; hostIpc?: boolean; mappings?: IdMappings | undefined },
): Promise<MadeNamespaces> {
  const { network, ipc, uts } = podNamespacePaths(namespacesDir, uid);
  const targets: PodNamespaces = {
    ...(hostNetwork ? {} : { network }),
    ...(hostIpc ? {} : { ipc }),
    uts,
  };
  const user = mappings && { path: pinPath(namespacesDir, "user", uid), mappings };
  const made: MadeNamespaces = { ...targets, ...(user === undefined ? {} : { user }) };
  try {
    for (const target of pinsOf(made)) mkdirSync(dirname(target), { recursive: true });
    if (user === undefined) pinNamespaces(targets);
    else {
      const { uids, gids } = user.mappings;
      await pinOwnedNamespaces({
        ...{ user: user.path, others: targets },
        ...{ uids: uids.map(rangeOf), gids: gids.map(rangeOf) },
      });
    }
  } catch (error) {
    removePodNamespaces(made);
    throw error;
  }
  return made;
}

function rangeOf({ containerID = 0, hostID = 0, size }: SpecIdMapping): IdRangeText {
  return [containerID, hostID, size];
}

function pinsOf({ user, ...shared }: MadeNamespaces): string[] {
  return [...Object.values(shared), ...(user === undefined ? [] : [user.path])];
}

/** Unpins a pod's namespaces; they end with their last process. */
export function removePodNamespaces(namespaces: MadeNamespaces): void {
  for (const target of pinsOf(namespaces)) {
    while (unmount(target));
    removeIfThere(target);
  }
}

/** The namespaces of a new container. */
export interface ContainerNamespaces extends PodNamespaces {
  /** The path of the pid namespace that it joins, or that of the node; without, it gets its own. */
  pid?: string | typeof ofNode;
  /** The user namespace that it joins; without, it is in the node's. */
  user?: { path: string; mappings: IdMappings };
}

/** CRI's numbers in the annotation NamespaceOptions. */
const modes = { pod: 0, node: 2 } as const;

/** Stands for the node's pid namespace. */
export const ofNode = Symbol("the node's");

/** True for what is in the node's IPC or PID namespace. */
export function isWithNode({ ipc, pid }: Pick<ContainerNamespaces, "ipc" | "pid">): boolean {
  return ipc === undefined || pid === ofNode;
}

/**
 * The namespaces of a pod that a new container joins. Those that CRI-O did not pin, before 1.18, are those of the infra
 * container's process, as the pid namespace of a pod always is that shares it; one that its spec does not name at all is
 * the node's, as the pod's maker wanted it.
 * @throws KpodError UNSUPPORTED for a user namespace of which the spec does not tell enough; BAD_STATE when the infra container's process is not
 * known; CORRUPT
 */
export function namespacesOf(
  sandbox: Pick<Sandbox, "infraContainer" | "kubeName" | "namespaceOptions" | "spoofed">,
): ContainerNamespaces {
  const { infraContainer, kubeName } = sandbox;
  const linux = infraContainer.spec.linux ?? {};
  const { namespaces = [] } = linux;
  const mappings = idMappingsOf(linux, kubeName);
  const pathOf = (type: SharedNamespaceType): string | undefined => {
    const own = namespaces.find((namespace) => namespace.type === type);
    if (own === undefined) return undefined;
    if (own.path !== undefined && own.path !== "") return own.path;
    const { pid = 0 } = infraContainer.state ?? {};
    if (pid > 0) return `/proc/${pid}/ns/${type === "network" ? "net" : type}`;
    throw new KpodError("BAD_STATE", `the ${type} namespace of pod ${kubeName} is not to be found`, {
      hint: "make another pod",
    });
  };
  const shared = (["network", "ipc", "uts"] as const).flatMap((type) => {
    const path = pathOf(type);
    return path === undefined ? [] : [[type, path] as const];
  });
  const user = mappings === undefined ? undefined : pathOf("user");
  return {
    ...Object.fromEntries(shared),
    ...pidOf(sandbox, () => pathOf("pid")),
    ...(mappings === undefined || user === undefined ? {} : { user: { path: user, mappings } }),
  };
}

/** Up to CRI-O 1.9 nothing tells of it, and each container has its own; a pod without a process has none to share. */
function pidOf(
  { namespaceOptions, spoofed }: Pick<Sandbox, "namespaceOptions" | "spoofed">,
  pathOfPod: () => string | undefined,
): Pick<ContainerNamespaces, "pid"> {
  if (namespaceOptions === undefined) return {};
  const { pid = modes.pod } = namespaceOptions;
  if (pid === modes.node) return { pid: ofNode };
  if (pid !== modes.pod || spoofed) return {};
  return { pid: pathOfPod() ?? ofNode };
}

/**
 * The namespaces of a container's spec: its own mount namespace, the pod's for the rest.
 * @param cgroup whether it has a cgroup namespace too: containers have with cgroups of version 2
 */
export function specNamespaces(
  { pid, user, ...shared }: ContainerNamespaces,
  cgroup: boolean,
): SpecNamespace[] {
  const joined = (["network", "ipc", "uts"] as const).flatMap((type) => {
    const path = shared[type];
    return path === undefined ? [] : [{ type, path }];
  });
  const own: SpecNamespace[] = pid === undefined ? [{ type: "pid" }] : [];
  const ofPod: SpecNamespace[] = typeof pid === "string" ? [{ type: "pid", path: pid }] : [];
  const ofUser: SpecNamespace[] = user === undefined ? [] : [{ type: "user", path: user.path }];
  const ofCgroup: SpecNamespace[] = cgroup ? [{ type: "cgroup" }] : [];
  return [...own, ...ofPod, ...joined, ...ofUser, { type: "mount" }, ...ofCgroup];
}
