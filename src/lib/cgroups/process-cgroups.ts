import { existsSync } from "node:fs";
import { readMounts, type MountInfo } from "../system/mount";
import { readProcessCgroup } from "../system/process";

/** A place where cgroups can be seen. */
export type CgroupMount = Pick<MountInfo, "root" | "target" | "type" | "superOptions">;

/** The mounted hierarchies of cgroups, as this process sees them. */
export function cgroupMounts(): readonly CgroupMount[] {
  return usualMounts() ?? mountedHierarchies(readMounts(undefined, "cgroup"));
}

/** The hierarchies among mounts. */
export function mountedHierarchies(mounts: readonly MountInfo[]): CgroupMount[] {
  return mounts.filter(({ type }) => type === "cgroup" || type === "cgroup2");
}

const usualRoot = "/sys/fs/cgroup";

/**
 * The hierarchies at their usual places, where this process finds its own cgroup in each: to list the mounts of a node
 * with a hundred containers takes the kernel longer than all their counters.
 * @returns undefined where one is elsewhere, or only a part of it is there, as in a container
 */
function usualMounts(): CgroupMount[] | undefined {
  const lines = (readProcessCgroup("self") ?? "").split("\n").flatMap((line) => readLine(line) ?? []);
  const mounts: CgroupMount[] = [];
  for (const { list, path } of lines) {
    const targets = list === "" ? [`${usualRoot}/unified`, usualRoot] : [`${usualRoot}/${list}`];
    const target = targets.find((candidate) => existsSync(`${candidate}${path}/cgroup.procs`));
    // A hierarchy that counts nothing need not be mounted.
    if (target === undefined && (list === "" || list.startsWith("name="))) continue;
    if (target === undefined || path.startsWith("/..")) return undefined;
    mounts.push({
      root: "/",
      target,
      type: list === "" ? "cgroup2" : "cgroup",
      superOptions: list.split(","),
    });
  }
  return mounts.length === 0 ? undefined : mounts;
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
  // It is the same in nearly all hierarchies.
  let processPath: string | undefined;
  let path: string | undefined;
  for (const line of text.split("\n")) {
    const read = readLine(line);
    if (read === undefined) continue;
    const { list } = read;
    if (read.path !== processPath) {
      processPath = read.path;
      path = pathOfContainer(processPath, id);
    }
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

/** A line of /proc/PID/cgroup, `hierarchy-ID:controller-list:cgroup-path`; the path may hold colons itself. */
export function readLine(line: string): { list: string; path: string } | undefined {
  const first = line.indexOf(":");
  const second = line.indexOf(":", first + 1);
  if (first < 1 || second < 0 || line[second + 1] !== "/") return undefined;
  return { list: line.slice(first + 1, second), path: line.slice(second + 1) };
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
    const directory = directoryIn(mount, path);
    if (directory !== undefined) return directory;
  }
  return undefined;
}

/** Where a mount shows a cgroup; undefined where it does not show it. */
export function directoryIn({ root, target }: CgroupMount, path: string): string | undefined {
  // Seen from inside a cgroup namespace, what lies above its root begins with "/..".
  if (root === "/") return path.startsWith("/../") || path === "/.." ? undefined : `${target}${path}`;
  // Of two paths that go up, the one that goes further up is not below the other.
  if (!path.startsWith(`${root}/`) || path.startsWith(`${root}/../`)) return undefined;
  return `${target}${path.slice(root.length)}`;
}
