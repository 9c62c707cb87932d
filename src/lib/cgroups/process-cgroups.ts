import { existsSync } from "node:fs";
import type { MountInfo } from "../system/mount";

/** A mounted hierarchy of cgroups, or a part of one. */
export type CgroupMount = Pick<MountInfo, "root" | "target" | "type" | "superOptions">;

/** The directories with the counters of one process's cgroup. */
export interface ProcessCgroups {
  /**
   * The directory for each controller that is bound to a hierarchy of version 1; undefined for one whose
   * hierarchy is not mounted, or in which the process has no cgroup of its own. Each is looked for when it is asked for.
   */
  readonly v1: Pick<ReadonlyMap<string, string | undefined>, "get" | "has">;
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
  const directories = new Map<string, string | undefined>();
  const find = (controller: string): string | undefined => {
    const path = processPath(text, controller);
    return path === undefined ? undefined : ownDirectory(pathOfContainer(path, id), controller);
  };
  const ownDirectory = (path: string | undefined, controller: string): string | undefined => {
    const fitting = mountsOf(mounts, controller);
    if (fitting.length === 0) return undefined;
    const directory = directoryOf(path, fitting);
    if (path === undefined || (directory !== undefined && fitting.length === 1)) return directory;
    if (directory !== undefined && existsSync(directory)) return directory;
    // Of the names above the root of a cgroup namespace the kernel shows none: the spec has them.
    const tail = path.replace(/^(\/\.\.)+/, "");
    return directoryByTail(wantedPath(), id, fitting) ?? directoryByTail(tail, id, fitting) ?? directory;
  };
  const get = (controller: string): string | undefined => {
    if (!directories.has(controller)) directories.set(controller, find(controller));
    return directories.get(controller);
  };
  return {
    v1: { get, has: (controller) => processPath(text, controller) !== undefined },
    get v2() {
      return get("");
    },
  };
}

/**
 * The path of a process in the hierarchy of a controller ("" for version 2), by what /proc/PID/cgroup holds. Only lines
 * in which the controller stands are taken apart: there are a dozen, and stats of a node need two of them a look.
 */
function processPath(text: string, controller: string): string | undefined {
  const wanted = controller === "" ? "::" : controller;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const end = text.indexOf("\n", at);
    const line = readCgroupLine(text.slice(text.lastIndexOf("\n", at) + 1, end < 0 ? undefined : end));
    if (line?.list === controller || line?.list.split(",").includes(controller) === true) return line.path;
  }
  return undefined;
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
  const own = path.indexOf(id);
  const end = path.indexOf("/", own);
  // A runtime that takes no part in one of the versions leaves its process there in the cgroup of conmon, who made it.
  if (own < 0 || path.endsWith("/crio-conmon-", own)) return undefined;
  return end < 0 ? path : path.slice(0, end);
}

/** The mounts of a controller, by the list of mounts that they are among: each process of a node asks for the same. */
const known = new WeakMap<readonly CgroupMount[], Map<string, readonly CgroupMount[]>>();

/** The mounts that show a controller of version 1; "" stands for version 2. */
function mountsOf(mounts: readonly CgroupMount[], controller: string): readonly CgroupMount[] {
  const byController = known.get(mounts) ?? new Map<string, readonly CgroupMount[]>();
  if (byController.size === 0) known.set(mounts, byController);
  const found =
    byController.get(controller) ??
    mounts.filter(({ type, superOptions }) =>
      controller === "" ? type === "cgroup2" : type === "cgroup" && superOptions.includes(controller),
    );
  byController.set(controller, found);
  return found;
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
