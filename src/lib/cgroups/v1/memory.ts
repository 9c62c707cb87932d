import { flatKeyed, keyedNumber, readCgroupFile, readCgroupNumber } from "../files";
import type { ProcessCgroups } from "../process-cgroups";
import type { MemoryStats } from "../stats";

/** The kernel's "no limit" is the largest number of pages that a counter holds, in bytes: just below 2^63. */
const noLimit = 2 ** 62;

/** Memory by version 1 (memory.txt of the kernel). */
export function readMemoryV1(directories: ProcessCgroups["v1"], detail: boolean): MemoryStats | undefined {
  const directory = directories.get("memory");
  const usage = readCgroupNumber(directory, "memory.usage_in_bytes");
  if (usage === undefined) return undefined;
  const stat = readCgroupFile(directory, "memory.stat");
  // Where no cgroup above it has a limit, it has none itself.
  const lowest = keyedNumber(stat, "hierarchical_memory_limit");
  const limit =
    lowest === undefined || lowest < noLimit
      ? readCgroupNumber(directory, "memory.limit_in_bytes")
      : undefined;
  const stats = {
    usage,
    // The sums with the cgroups below are prefixed; usage_in_bytes is such a sum itself.
    inactiveFile: keyedNumber(stat, "total_inactive_file") ?? keyedNumber(stat, "inactive_file") ?? 0,
    limit: limit === undefined || limit >= noLimit ? undefined : limit,
  };
  if (!detail) return stats;
  return {
    ...stats,
    maxUsage: readCgroupNumber(directory, "memory.max_usage_in_bytes"),
    failures: readCgroupNumber(directory, "memory.failcnt"),
    stat: Object.fromEntries(flatKeyed(stat) ?? []),
  };
}
