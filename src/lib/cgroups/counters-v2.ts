import { existsSync } from "node:fs";
import type {
  BlkioDevice,
  BlkioStats,
  CpuStats,
  CpuThrottling,
  MemoryStats,
  OomStats,
  PidsStats,
  Pressure,
  PressureAverages,
  PressureStats,
} from "./counters";
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
  const own = throttlingOf(stat);
  const inner = throttlingOf(readFlatKeyed(innerCgroup(directory), "cpu.stat"));
  const heldBackMore = (inner?.throttledPeriods ?? 0) > (own?.throttledPeriods ?? 0);
  return {
    usage,
    user: nanoseconds("user_usec"),
    system: nanoseconds("system_usec"),
    throttling: heldBackMore ? inner : own,
  };
}

/** What cpu.stat says of limits: that stands there only where the controller is on, and counts those of this cgroup alone. */
function throttlingOf(stat: ReadonlyMap<string, number> | undefined): CpuThrottling | undefined {
  const periods = stat?.get("nr_periods");
  if (stat === undefined || periods === undefined) return undefined;
  return {
    periods,
    throttledPeriods: stat.get("nr_throttled") ?? 0,
    throttledTime: (stat.get("throttled_usec") ?? 0) * 1000,
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

/** Kills for want of memory by version 2 (cgroup-v2.rst of the kernel). */
export function readOomV2(directory: string): OomStats | undefined {
  const kills = keyedNumber(readCgroupFile(directory, "memory.events"), "oom_kill");
  return kills === undefined ? undefined : { kills };
}

/** Processes and threads by version 2 (cgroup-v2.rst of the kernel). */
export function readPidsV2(directory: string, detail: boolean): PidsStats | undefined {
  const current = readCgroupNumber(directory, "pids.current");
  if (current === undefined) return undefined;
  return detail ? { current, limit: readLimit(directory, "pids.max") } : { current };
}

/**
 * The cgroup that crun makes within a container's scope of systemd's: the processes are in it, and the limits that systemd
 * is not told of. What is counted is in the scope as well. Undefined where there is none.
 */
function innerCgroup(directory: string): string | undefined {
  const inner = `${directory}/container`;
  return directory.endsWith(".scope") && existsSync(inner) ? inner : undefined;
}

/** The lower of the limits of a container's cgroup and of crun's within it. */
function readLimit(directory: string, name: string): number | undefined {
  const limits = [directory, innerCgroup(directory)].map((each) => readCgroupNumber(each, name));
  const set = limits.filter((limit) => limit !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
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

/**
 * What tasks of a cgroup of version 2 waited for, by its files cpu.pressure, memory.pressure and io.pressure (psi.rst of
 * the kernel). Undefined where the kernel does not count it: before Linux 4.20, and where psi=0 turned it off.
 */
export function readPressure(directory: string): PressureStats | undefined {
  const cpu = pressureOf(directory, "cpu");
  if (cpu === undefined) return undefined;
  const memory = pressureOf(directory, "memory");
  const io = pressureOf(directory, "io");
  return memory === undefined || io === undefined ? undefined : { cpu, memory, io };
}

function pressureOf(directory: string, resource: keyof PressureStats): Pressure | undefined {
  const text = readCgroupFile(directory, `${resource}.pressure`);
  return text === undefined ? undefined : parsePressure(text);
}

/** Lines like `some avg10=0.12 avg60=0.00 avg300=0.00 total=1234`; older kernels have no `full` of processors. */
function parsePressure(text: string): Pressure | undefined {
  const some = averagesOf(text, "some");
  return some === undefined ? undefined : { some, full: averagesOf(text, "full") };
}

function averagesOf(text: string, kind: keyof Pressure): PressureAverages | undefined {
  const line = new RegExp(
    `^${kind} avg10=([\\d.]+) avg60=([\\d.]+) avg300=([\\d.]+) total=(\\d+)$`,
    "m",
  ).exec(text);
  if (line === null) return undefined;
  const [avg10 = 0, avg60 = 0, avg300 = 0, total = 0] = line.slice(1).map(Number);
  return { avg10, avg60, avg300, total };
}
