import { writeFileSync } from "node:fs";
import { errnoOf, isNotFound } from "../errors";
import { readProcessCgroup } from "../system/process";
import { cgroupHierarchies, cgroupMounts } from "./mounts";
import { directoryIn, readCgroupLine } from "./process-cgroups";
import { readCgroupFile } from "./files";

/**
 * The cgroup by which a process is frozen: the lowest one that is frozen by itself; undefined when none is.
 * @param mounts the hierarchies, which who asks for many looks up once
 * @param known what is known of the cgroups, kept by who asks for many: most lie in the same few
 * @param cgroupOf gives what /proc/PID/cgroup holds, to who has read it
 */
export function frozenCgroupOf(
  pid: number,
  mounts = cgroupMounts(),
  known = new Map<string, boolean>(),
  cgroupOf: (pid: number) => string | undefined = readProcessCgroup,
): string | undefined {
  for (const line of (cgroupOf(pid) ?? "").split("\n")) {
    const read = readCgroupLine(line);
    if (read === undefined || (read.list !== "" && !read.list.split(",").includes("freezer"))) continue;
    const mount = mounts.find(({ type, superOptions }) =>
      read.list === "" ? type === "cgroup2" : type === "cgroup" && superOptions.includes("freezer"),
    );
    const directory = mount && directoryIn(mount, read.path);
    const file = read.list === "" ? "cgroup.freeze" : "freezer.self_freezing";
    for (let path = directory; mount !== undefined && path?.startsWith(`${mount.target}/`) === true;) {
      const isFrozen = known.get(path) ?? saysFrozen(path, file);
      known.set(path, isFrozen);
      if (isFrozen) return path;
      path = path.slice(0, path.lastIndexOf("/"));
    }
  }
  return undefined;
}

/**
 * The highest cgroup above another one that is frozen by itself, in any hierarchy: all below it is frozen, too.
 * @param path of the other, below the roots of the hierarchies; it need not exist
 * @returns its path, likewise; undefined when none is
 */
export function frozenAbove(path: string): string | undefined {
  const hierarchies = cgroupHierarchies();
  const parts = path.split("/").filter(Boolean).slice(0, -1);
  return parts
    .map((_, index) => `/${parts.slice(0, index + 1).join("/")}`)
    .find((above) => hierarchies.some((hierarchy) => isFrozenByItself(`${hierarchy}${above}`)));
}

function isFrozenByItself(directory: string): boolean {
  return saysFrozen(directory, "freezer.self_freezing") || saysFrozen(directory, "cgroup.freeze");
}

function saysFrozen(directory: string, file: "freezer.self_freezing" | "cgroup.freeze"): boolean {
  return readCgroupFile(directory, file)?.trim() === "1";
}

/** Thaws a cgroup of version 1 or 2, where it is one that is frozen. */
export function thawCgroup(directory: string): void {
  for (const [file, frozen, value] of [
    ["freezer.self_freezing", "1", "THAWED"],
    ["cgroup.freeze", "1", "0"],
  ] as const) {
    if (readCgroupFile(directory, file)?.trim() !== frozen) continue;
    try {
      writeFileSync(`${directory}/${file === "cgroup.freeze" ? file : "freezer.state"}`, value);
    } catch (error) {
      // The cgroup has just gone.
      if (!isNotFound(error) && errnoOf(error) !== "ENODEV") throw error;
    }
  }
}
