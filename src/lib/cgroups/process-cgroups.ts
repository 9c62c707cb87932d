import { readMounts, type MountInfo } from "../system/mount";

/** A place where cgroups can be seen. */
export type CgroupMount = Pick<MountInfo, "root" | "target" | "type" | "superOptions">;

/** The mounted hierarchies of cgroups, as this process sees them. */
export function cgroupMounts(mounts: readonly MountInfo[] = readMounts()): CgroupMount[] {
  return mounts.filter(({ type }) => type === "cgroup" || type === "cgroup2");
}

/** Where the counters of one process's cgroup stand. */
export interface ProcessCgroups {
  /**
   * The directory for each controller that is bound to a hierarchy of version 1; undefined for one whose
   * hierarchy is not mounted, or in which the process has no cgroup of its own.
   */
  readonly v1: ReadonlyMap<string, string | undefined>;
  /** The directory in the hierarchy of version 2, likewise. */
  readonly v2: string | undefined;
}

/**
 * Finds the cgroups of a container by what the kernel says of its first process. On a machine with both
 * versions this alone tells which one counts what: a controller belongs to at most one hierarchy, and the lines
 * of version 1 name theirs (cgroups(7)).
 *
 * The process may have moved to a cgroup below the container's, as systemd in a container does, and crun with
 * the systemd manager puts it there to begin with; so the path ends where it names the container. A path that
 * does not name it belongs to others: its counters would be those of the whole pod or machine.
 *
 * @param text what /proc/PID/cgroup holds
 * @param id the container's id
 */
export function parseProcessCgroups(
  text: string,
  id: string,
  mounts: readonly CgroupMount[],
): ProcessCgroups {
  const v1 = new Map<string, string | undefined>();
  let v2: string | undefined;
  for (const line of text.split("\n")) {
    // hierarchy-ID:controller-list:cgroup-path; the path may hold colons itself.
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match === null) continue;
    const [, list = "", processPath = ""] = match;
    const path = pathOfContainer(processPath, id);
    if (list === "") {
      v2 = directoryOf(path, (mount) => mount.type === "cgroup2", mounts);
      continue;
    }
    for (const controller of list.split(",")) {
      const mounted = (mount: CgroupMount): boolean =>
        mount.type === "cgroup" && mount.superOptions.includes(controller);
      v1.set(controller, directoryOf(path, mounted, mounts));
    }
  }
  return { v1, v2 };
}

function pathOfContainer(path: string, id: string): string | undefined {
  const parts = path.split("/");
  const own = parts.findIndex((part) => part.includes(id));
  return own < 0 ? undefined : parts.slice(0, own + 1).join("/");
}

function directoryOf(
  path: string | undefined,
  fits: (mount: CgroupMount) => boolean,
  mounts: readonly CgroupMount[],
): string | undefined {
  if (path === undefined) return undefined;
  for (const mount of mounts) {
    if (!fits(mount)) continue;
    const { root, target } = mount;
    // Seen from inside a cgroup namespace, what lies above its root begins with "/..".
    if (root === "/" && !path.startsWith("/../")) return `${target}${path}`;
    if (root !== "/" && path.startsWith(`${root}/`)) return `${target}${path.slice(root.length)}`;
  }
  return undefined;
}
