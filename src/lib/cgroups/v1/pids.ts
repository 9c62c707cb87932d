import { readCgroupNumber } from "../files";
import type { ProcessCgroups } from "../process-cgroups";
import type { PidsStats } from "../stats";

/** Processes and threads by version 1 (pids.txt of the kernel). */
export function readPidsV1(directories: ProcessCgroups["v1"], detail: boolean): PidsStats | undefined {
  const directory = directories.get("pids");
  const current = readCgroupNumber(directory, "pids.current");
  if (current === undefined) return undefined;
  return detail ? { current, limit: readCgroupNumber(directory, "pids.max") } : { current };
}
