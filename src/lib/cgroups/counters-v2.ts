import { existsSync } from "node:fs";
import type { BlkioDevice, BlkioStats, CpuStats, MemoryStats, PidsStats } from "./counters";
import { flatKeyed, keyedNumber, readCgroupFile, readCgroupNumber, readFlatKeyed } from "./files";

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

/** Memory by version 2 (cgroup-v2.rst of the kernel). */
export function readMemoryV2(directory: string, detail: boolean): MemoryStats | undefined {
  const usage = readCgroupNumber(directory, "memory.current");
  if (usage === undefined) return undefined;
  const stat = readCgroupFile(directory, "memory.stat");
  const stats = {
    usage,
    inactiveFile: keyedNumber(stat, "inactive_file") ?? 0,
    limit: readLimit(directory, "memory.max"),
  };
  if (!detail) return stats;
  return {
    ...stats,
    maxUsage: readCgroupNumber(directory, "memory.peak"),
    failures: readFlatKeyed(directory, "memory.events")?.get("max"),
    stat: Object.fromEntries(flatKeyed(stat) ?? []),
  };
}

/** Processes and threads by version 2 (cgroup-v2.rst of the kernel). */
export function readPidsV2(directory: string, detail: boolean): PidsStats | undefined {
  const current = readCgroupNumber(directory, "pids.current");
  if (current === undefined) return undefined;
  return detail ? { current, limit: readLimit(directory, "pids.max") } : { current };
}

/**
 * The lower of the limits of a container's cgroup and of the one in it that crun makes in a scope of systemd's: the
 * processes are there, and the limits that systemd is not told of. What is counted is in the scope as well.
 */
function readLimit(directory: string, name: string): number | undefined {
  const limit = readCgroupNumber(directory, name);
  const inner = `${directory}/container`;
  if (!directory.endsWith(".scope") || !existsSync(inner)) return limit;
  const limits = [limit, readCgroupNumber(inner, name)].filter((value) => value !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** Block devices by version 2 (cgroup-v2.rst of the kernel): lines like `8:0 rbytes=4096 wbytes=0 rios=1 wios=0`. */
export function readIoV2(directory: string): BlkioStats | undefined {
  const text = readCgroupFile(directory, "io.stat");
  if (text === undefined) return undefined;
  return { devices: text.split("\n").flatMap((line) => deviceOf(line) ?? []) };
}

function deviceOf(line: string): BlkioDevice | undefined {
  // Some kernels write a device that counted nothing without a line feed, so that the next one follows it.
  const match = /(?:^| )(\d+):(\d+) ([^:]*=[^:]*)$/.exec(line);
  if (match === null) return undefined;
  const [, major = "", minor = "", rest = ""] = match;
  const values = new Map(rest.split(" ").map((word) => pair(word)));
  return {
    major: Number(major),
    minor: Number(minor),
    readBytes: values.get("rbytes") ?? 0,
    writeBytes: values.get("wbytes") ?? 0,
    reads: values.get("rios"),
    writes: values.get("wios"),
  };
}

function pair(word: string): [string, number] {
  const equals = word.indexOf("=");
  return [word.slice(0, equals), Number(word.slice(equals + 1))];
}
