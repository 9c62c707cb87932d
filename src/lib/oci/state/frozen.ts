/*
 * Whether a container is frozen, by the files of the kernel that runc and crun look at.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ifThere } from "../../errors";
import { fileLimits, readRegularText } from "../../system/files";
import type { ProcessStat } from "../../system/process";

/** Where cgroups v1 have their freezer; not there with cgroup v2 alone. */
export const freezerV1 = "/sys/fs/cgroup/freezer";
let freezerV1IsThere: boolean | undefined;

/** True where frozen containers are told by that, as it is with cgroups v1 and with both versions. */
export function hasFreezerV1(): boolean {
  freezerV1IsThere ??= existsSync(freezerV1);
  return freezerV1IsThere;
}

let kernelRelease: readonly number[] | undefined;

/**
 * Whether a process can be one of a frozen cgroup v1, of which the kernel takes long to tell. Since Linux 6.1 all of
 * them show as `D`; before, some went on showing how they slept.
 */
export function canBeFrozen({ state }: ProcessStat): boolean {
  if (state === "D") return true;
  kernelRelease ??= readKernelFile("/proc/sys/kernel/osrelease")?.split(".", 2).map(parseFloat) ?? [];
  const [major = 0, minor = 0] = kernelRelease;
  return major < 6 || (major === 6 && minor < 1);
}

/**
 * Whether a cgroup v1 is frozen.
 * @param process the first one in the container
 * @param countsAsFrozen tells whether one that is frozen is so by itself, and not with a cgroup above it
 * @returns undefined while it is on the way
 */
export function isFrozenV1(
  path: string,
  process: ProcessStat,
  countsAsFrozen = () => true,
): boolean | undefined {
  if (!canBeFrozen(process)) return false;
  switch (readKernelFile(join(path, "freezer.state"))) {
    case "FROZEN":
      return countsAsFrozen();
    case "FREEZING":
      return undefined;
    default:
      return false;
  }
}

/** Whether a cgroup v2 is frozen by itself. */
export function isFrozenV2(path: string): boolean {
  return readKernelFile(join(path, "cgroup.freeze")) === "1";
}

/** A line of the kernel; undefined when the cgroup is gone or has no such file. */
export function readKernelFile(path: string): string | undefined {
  return ifThere(() => readRegularText(path, fileLimits.kernel, "latin1").trim(), "ENODEV");
}
