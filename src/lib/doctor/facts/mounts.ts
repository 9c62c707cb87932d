import { readMountInfo, readMounts, realPath, type MountInfo } from "../../system/mount";
import { mountNamespaceOf } from "../../system/namespaces";
import { readProcessList, readProcessStat } from "../../system/process";
import type { Facts } from "../facts";
import { runningContainers } from "./containers";

/** The mounts of the node, as those see them who make them. */
export interface NodeMounts {
  readonly mounts: readonly MountInfo[];
  /** The process whose view this is, where it is another one than that of kpod: a conmon in a mount namespace of CRI-O's. */
  readonly viewer: number | undefined;
}

/** The mounts in the namespace in which CRI-O and conmon are; kpod's own where nothing runs. */
export async function nodeMounts(facts: Facts): Promise<NodeMounts> {
  const own = mountNamespaceOf("self");
  for (const { state } of await facts.get(runningContainers)) {
    const parent = state?.pid === undefined ? undefined : readProcessStat(state.pid)?.parent;
    if (parent === undefined || parent <= 1) continue;
    const namespace = mountNamespaceOf(parent);
    if (namespace === undefined) continue;
    if (namespace === own) break;
    const text = readProcessList(parent, "mountinfo");
    if (text !== undefined) return { mounts: readMounts(text), viewer: parent };
  }
  return { mounts: readMounts(facts.get(readMountInfo)), viewer: undefined };
}

/** The mount in which a path lies: of those at it or above it the last one, which covers the others. */
export function mountOf(mounts: readonly MountInfo[], path: string): MountInfo | undefined {
  return mounts.findLast(
    ({ target }) => path === target || path.startsWith(target === "/" ? "/" : `${target}/`),
  );
}

/** The mounts by where they are. */
export async function mountTargets(facts: Facts): Promise<ReadonlySet<string>> {
  return new Set((await facts.get(nodeMounts)).mounts.map(({ target }) => target));
}

/** The root and the runroot as the kernel lists mounts. */
export function realRoots({ server: { config } }: Facts): {
  readonly root: string;
  readonly runRoot: string;
} {
  return { root: realPath(config.root), runRoot: realPath(config.runRoot) };
}
