import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownMounts } from "./process-cgroups";

/** Where the hierarchies of cgroups are mounted: several of version 1, one of version 2, or both (hybrid). */
export function cgroupHierarchies(): string[] {
  return ownMounts().map(({ target }) => target);
}

/** True where the node has cgroups of version 2 and no others. */
export function hasOnlyCgroup2(): boolean {
  return existsSync("/sys/fs/cgroup/cgroup.controllers");
}

/**
 * Makes a cgroup in all hierarchies and moves a process into it. A hierarchy whose new groups cannot take a
 * process before they are set up (cpuset of version 1) is left out: a process keeps its place there.
 */
export function moveToCgroup(path: string, pid: number): void {
  for (const hierarchy of cgroupHierarchies()) {
    if (existsSync(join(hierarchy, "cpuset.cpus")) && !existsSync(join(hierarchy, "cgroup.controllers")))
      continue;
    mkdirSync(join(hierarchy, path), { recursive: true });
    writeFileSync(join(hierarchy, path, "cgroup.procs"), String(pid));
  }
}
