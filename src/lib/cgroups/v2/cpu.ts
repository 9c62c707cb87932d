import { flatKeyed, keyedNumber, readCgroupFile } from "../files";
import type { CpuStats } from "../stats";

/** Processor time by version 2 (cgroup-v2.rst of the kernel): microseconds, made nanoseconds. */
export function readCpuV2(directory: string, detail: boolean): CpuStats | undefined {
  const text = readCgroupFile(directory, "cpu.stat");
  if (!detail) {
    const microseconds = keyedNumber(text, "usage_usec");
    return microseconds === undefined ? undefined : { usage: microseconds * 1000 };
  }
  const stat = flatKeyed(text);
  const nanoseconds = (key: string): number | undefined => {
    const value = stat?.get(key);
    return value === undefined ? undefined : value * 1000;
  };
  const usage = nanoseconds("usage_usec");
  if (usage === undefined) return undefined;
  // These stand there only where the controller is on; without it, only the times do.
  const periods = stat?.get("nr_periods");
  return {
    usage,
    user: nanoseconds("user_usec"),
    system: nanoseconds("system_usec"),
    throttling:
      periods === undefined
        ? undefined
        : {
            periods,
            throttledPeriods: stat?.get("nr_throttled") ?? 0,
            throttledTime: nanoseconds("throttled_usec") ?? 0,
          },
  };
}
