import { readCgroupFile, readCgroupNumber, readFlatKeyed } from "../files";
import type { ProcessCgroups } from "../process-cgroups";
import type { CpuStats, CpuThrottling } from "../stats";

/** Processor time by version 1 (cpuacct.txt of the kernel): nanoseconds already. */
export function readCpuV1(directories: ProcessCgroups["v1"], detail: boolean): CpuStats | undefined {
  const directory = directories.get("cpuacct");
  const usage = readCgroupNumber(directory, "cpuacct.usage");
  if (usage === undefined) return undefined;
  if (!detail) return { usage };
  return {
    usage,
    user: readCgroupNumber(directory, "cpuacct.usage_user"),
    system: readCgroupNumber(directory, "cpuacct.usage_sys"),
    perCpu: readCgroupFile(directory, "cpuacct.usage_percpu")?.trim().split(/\s+/).map(Number),
    throttling: readThrottling(directories.get("cpu")),
  };
}

function readThrottling(directory: string | undefined): CpuThrottling | undefined {
  const stat = readFlatKeyed(directory, "cpu.stat");
  if (stat === undefined) return undefined;
  return {
    periods: stat.get("nr_periods") ?? 0,
    throttledPeriods: stat.get("nr_throttled") ?? 0,
    throttledTime: stat.get("throttled_time") ?? 0,
  };
}
