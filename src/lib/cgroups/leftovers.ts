import { existsSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, isNotFound } from "../errors";
import { fileLimits, readRegularText } from "../system/files";
import { killProcess } from "../system/process";
import { cgroupHierarchies } from "./hierarchies";
import { monotonicNow } from "../system/clock";

/** Milliseconds that killed processes have to leave their cgroup. */
const emptyTimeLimit = 5_000;

/**
 * Removes all cgroups of a container and of its conmon, in every hierarchy and wherever they lie; processes
 * that are still in the container's are killed.
 * @returns the cgroups that could not be emptied in time
 */
export async function clearCgroups(id: string): Promise<string[]> {
  const found = cgroupsOf(id);
  for (const directory of found) thaw(directory);
  const deadline = monotonicNow() + emptyTimeLimit;
  let left = found;
  for (;;) {
    left = left.filter((directory) => !removeTree(directory));
    if (left.length === 0 || monotonicNow() > deadline) return left;
    await sleep(10);
  }
}

/** Thaws all cgroups of a container: a frozen process does not die before that. */
export function thawCgroups(id: string): void {
  for (const directory of cgroupsOf(id)) thaw(directory);
}

function cgroupsOf(id: string): string[] {
  const names = new Set([`crio-${id}`, `crio-${id}.scope`, `crio-conmon-${id}`, `crio-conmon-${id}.scope`]);
  return cgroupHierarchies().flatMap((hierarchy) => findDirectories(hierarchy, names));
}

/** Thaws a cgroup of version 1 or 2, where it is one that can be frozen. */
function thaw(directory: string): void {
  for (const [file, value] of [
    ["freezer.state", "THAWED"],
    ["cgroup.freeze", "0"],
  ] as const) {
    const path = join(directory, file);
    try {
      if (existsSync(path)) writeFileSync(path, value);
    } catch (error) {
      // The cgroup has just gone.
      if (!isNotFound(error) && errnoOf(error) !== "ENODEV") throw error;
    }
  }
}

function findDirectories(directory: string, names: ReadonlySet<string>): string[] {
  return subdirectories(directory).flatMap((name) => {
    const path = join(directory, name);
    return names.has(name) ? [path] : findDirectories(path, names);
  });
}

function subdirectories(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    // Others come and go meanwhile.
    if (isNotFound(error) || errnoOf(error) === "ENODEV") return [];
    throw error;
  }
}

/** Kills what is in a cgroup and those below it, and removes those that are empty by now. @returns whether all is gone */
function removeTree(directory: string): boolean {
  const below = subdirectories(directory).map((name) => removeTree(join(directory, name)));
  for (const pid of processesIn(directory)) killProcess(pid);
  try {
    rmdirSync(directory);
    return below.every(Boolean);
  } catch (error) {
    if (isNotFound(error)) return true;
    const code = errnoOf(error);
    if (code === "EBUSY" || code === "ENOTEMPTY") return false;
    throw error;
  }
}

function processesIn(directory: string): number[] {
  try {
    return readRegularText(join(directory, "cgroup.procs"), fileLimits.kernel)
      .split("\n")
      .filter(Boolean)
      .map(Number);
  } catch (error) {
    if (isNotFound(error) || errnoOf(error) === "ENODEV") return [];
    throw error;
  }
}
