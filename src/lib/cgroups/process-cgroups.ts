import { existsSync } from "node:fs";
import type { MountInfo } from "../system/mount";

/** A place where cgroups can be seen. */
export type CgroupMount = Pick<MountInfo, "root" | "target" | "type" | "superOptions">;

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
 * @param wantedPath the path that its spec wants, below the roots of the hierarchies: asked for where a cgroup namespace
 * hides them
 */
export function parseProcessCgroups(
  text: string,
  id: string,
  mounts: readonly CgroupMount[],
  wantedPath: () => string = () => "",
): ProcessCgroups {
  const v1 = new Map<string, string | undefined>();
  let v2: string | undefined;
  // It is the same in nearly all hierarchies.
  let processPath: string | undefined;
  let path: string | undefined;
  const placeOf = (shown: string | undefined, fits: (mount: CgroupMount) => boolean): string | undefined => {
    const fitting = mounts.filter(fits);
    if (fitting.length === 0) return undefined;
    const directory = directoryOf(shown, fitting);
    if (shown === undefined || (directory !== undefined && fitting.length === 1)) return directory;
    if (directory !== undefined && existsSync(directory)) return directory;
    // Of the names above the root of a cgroup namespace the kernel shows none: the spec has them.
    const tail = shown.replace(/^(\/\.\.)+/, "");
    return directoryByTail(wantedPath(), id, fitting) ?? directoryByTail(tail, id, fitting) ?? directory;
  };
  for (const line of text.split("\n")) {
    const read = readCgroupLine(line);
    if (read === undefined) continue;
    const { list } = read;
    if (read.path !== processPath) {
      processPath = read.path;
      path = pathOfContainer(processPath, id);
    }
    if (list === "") {
      v2 = placeOf(path, (mount) => mount.type === "cgroup2");
      continue;
    }
    for (const controller of list.split(",")) {
      const mounted = (mount: CgroupMount): boolean =>
        mount.type === "cgroup" && mount.superOptions.includes(controller);
      v1.set(controller, placeOf(path, mounted));
    }
  }
  return { v1, v2 };
}

/** A line of /proc/PID/cgroup, `hierarchy-ID:controller-list:cgroup-path`; the path may hold colons itself. */
export function readCgroupLine(line: string): { list: string; path: string } | undefined {
  const first = line.indexOf(":");
  const second = line.indexOf(":", first + 1);
  if (first < 1 || second < 0 || line[second + 1] !== "/") return undefined;
  return { list: line.slice(first + 1, second), path: line.slice(second + 1) };
}

/**
 * The cgroup in which a container really is. Its first process may have moved to one below (systemd in a
 * container does), so the path ends where it names the container.
 * @param text what /proc/PID/cgroup of its first process holds
 * @param id the container's id
 * @returns undefined when no hierarchy knows the container by its id
 */
export function processCgroupPath(text: string, id: string): string | undefined {
  for (const line of text.split("\n")) {
    const path = readCgroupLine(line)?.path;
    // Seen from inside a cgroup namespace, what lies above its root begins with "/..".
    if (path === undefined || path.startsWith("/..")) continue;
    const own = pathOfContainer(path, id);
    if (own !== undefined) return own;
  }
  return undefined;
}

function pathOfContainer(path: string, id: string): string | undefined {
  const parts = path.split("/");
  const own = parts.findIndex((part) => part.includes(id));
  return own < 0 ? undefined : parts.slice(0, own + 1).join("/");
}

/** The directory of a container in a mount that shows the whole of a path, or the end of it. */
function directoryByTail(path: string, id: string, mounts: readonly CgroupMount[]): string | undefined {
  const parts = (pathOfContainer(path, id) ?? "").split("/").slice(1);
  for (const { target } of mounts) {
    const tails = parts.map((_, index) => `${target}/${parts.slice(index).join("/")}`);
    const found = tails.find((directory) => existsSync(`${directory}/cgroup.procs`));
    if (found !== undefined) return found;
  }
  return undefined;
}

function directoryOf(path: string | undefined, mounts: readonly CgroupMount[]): string | undefined {
  if (path === undefined) return undefined;
  for (const mount of mounts) {
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
