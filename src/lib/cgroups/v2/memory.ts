import { flatKeyed, keyedNumber, readCgroupFile, readCgroupNumber, readFlatKeyed } from "../files";
import type { MemoryStats } from "../stats";

/** Memory by version 2 (cgroup-v2.rst of the kernel). */
export function readMemoryV2(directory: string, detail: boolean): MemoryStats | undefined {
  const usage = readCgroupNumber(directory, "memory.current");
  if (usage === undefined) return undefined;
  const stat = readCgroupFile(directory, "memory.stat");
  const stats = {
    usage,
    inactiveFile: keyedNumber(stat, "inactive_file") ?? 0,
    limit: readCgroupNumber(directory, "memory.max"),
  };
  if (!detail) return stats;
  return {
    ...stats,
    maxUsage: readCgroupNumber(directory, "memory.peak"),
    failures: readFlatKeyed(directory, "memory.events")?.get("max"),
    stat: Object.fromEntries(flatKeyed(stat) ?? []),
  };
}
