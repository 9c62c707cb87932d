import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ifThere, orFileError } from "../errors";
import { readMounts, showsMounts, type MountInfo } from "../system/mount";
import { isInitialCgroupNamespace } from "../system/namespaces";
import { shortPath } from "../system/paths";
import { readProcessCgroup } from "../system/process";
import { directoryIn, readCgroupLine, type CgroupMount } from "./process-cgroups";

/**
 * The mounted hierarchies of cgroups, as this process sees them. In a cgroup namespace of its own, where often only a
 * part of them is mounted, those of the machine's first process too, where that may be looked at.
 */
export function cgroupMounts(): readonly CgroupMount[] {
  if (isInitialCgroupNamespace()) return usualMounts() ?? ownMounts();
  return [...ownMounts(), ...mountsOfFirstProcess()];
}

/**
 * Those of this process alone; none where /proc is not mounted.
 * @param text its mounts, from who has read them
 */
export function ownMounts(text?: string): CgroupMount[] {
  return text !== undefined || showsMounts() ? mountedHierarchies(readMounts(text, "cgroup")) : [];
}

function mountsOfFirstProcess(): CgroupMount[] {
  const table = ifThere(() => readFileSync("/proc/1/mountinfo", "utf8"), "EACCES", "EPERM", "EINVAL");
  const mounts = table === undefined ? [] : mountedHierarchies(readMounts(table, "cgroup"));
  return mounts.map((mount) => ({ ...mount, target: `/proc/1/root${mount.target}` }));
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
  const lines = (readProcessCgroup("self") ?? "").split("\n").flatMap((line) => readCgroupLine(line) ?? []);
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

/** Where the hierarchies of cgroups are mounted: several of version 1, one of version 2, or both (hybrid). */
export function cgroupHierarchies(): string[] {
  return ownMounts().map(({ target }) => target);
}

/**
 * The files by which a process is moved to where another one is, one for each hierarchy that shows its cgroup. The topmost is
 * left out: version 1 shows there what is just ending, and who is moved there is free of all limits.
 */
export function cgroupFilesOf(pid: number): string[] {
  // Also those that count nothing, by which systemd knows its units.
  const mounts = [...ownMounts(), ...cgroupMounts()];
  const lines = (readProcessCgroup(pid) ?? "").split("\n").flatMap((line) => readCgroupLine(line) ?? []);
  return lines.flatMap(({ list, path }) => {
    if (path === "/") return [];
    const mount = mounts.find(({ type, superOptions }) =>
      list === "" ? type === "cgroup2" : type === "cgroup" && superOptions.includes(list.split(",")[0] ?? ""),
    );
    const directory = mount === undefined ? undefined : directoryIn(mount, path);
    return directory !== undefined && existsSync(`${directory}/cgroup.procs`)
      ? [`${directory}/cgroup.procs`]
      : [];
  });
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
    const directory = join(hierarchy, path);
    orFileError(`cannot put a process into the cgroup ${shortPath(directory)}`, () => {
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, "cgroup.procs"), String(pid));
    });
  }
}
