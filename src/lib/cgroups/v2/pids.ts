import { readCgroupNumber } from "../files";
import type { PidsStats } from "../stats";

/** Processes and threads by version 2 (cgroup-v2.rst of the kernel). */
export function readPidsV2(directory: string, detail: boolean): PidsStats | undefined {
  const current = readCgroupNumber(directory, "pids.current");
  if (current === undefined) return undefined;
  return detail ? { current, limit: readCgroupNumber(directory, "pids.max") } : { current };
}
