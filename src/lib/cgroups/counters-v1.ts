import type {
  BlkioDevice,
  BlkioStats,
  CpuStats,
  CpuThrottling,
  MemoryStats,
  OomStats,
  PidsStats,
} from "./counters";
import {
  flatKeyed,
  keyedNumber,
  parseNumber,
  readCgroupFile,
  readCgroupNumber,
  readFlatKeyed,
  readRareCgroupFile,
} from "./files";
import type { CgroupMount, ProcessCgroups } from "./process-cgroups";

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

/** Kills for want of memory by version 1 (memory.txt of the kernel), which counts them since Linux 4.13. */
export function readOomV1(directories: ProcessCgroups["v1"]): OomStats | undefined {
  const kills = keyedNumber(readCgroupFile(directories.get("memory"), "memory.oom_control"), "oom_kill");
  return kills === undefined ? undefined : { kills };
}

/** Processes and threads by version 1 (pids.txt of the kernel). */
export function readPidsV1(directories: ProcessCgroups["v1"], detail: boolean): PidsStats | undefined {
  const directory = directories.get("pids");
  const current = readCgroupNumber(directory, "pids.current");
  if (current === undefined) return undefined;
  return detail ? { current, limit: readCgroupNumber(directory, "pids.max") } : { current };
}

/**
 * Who counts, by the names of files without their first part. The throttling layer sees every request, whatever
 * the scheduler of the device; since Linux 6.9 it begins only when somebody sets a limit, and then the scheduler
 * (bfq, before Linux 5.0 cfq) may know more.
 */
const counters = ["blkio.throttle.", "blkio.bfq.", "blkio."];

/**
 * Those of them that have counted no device at the root of any mount of the hierarchy, and so in no cgroup below: the
 * kernel counts a device in a cgroup only where it counts it in all above. One look at the roots saves two files of each
 * cgroup.
 */
export function idleBlkioCounters(mounts: readonly CgroupMount[]): ReadonlySet<string> {
  const roots = mounts
    .filter(({ superOptions }) => superOptions.includes("blkio"))
    .map(({ target }) => target);
  if (roots.length === 0) return new Set();
  return new Set(counters.filter((counter) => roots.every((root) => readBytes(root, counter)?.size === 0)));
}

/**
 * Block devices by version 1 (blkio-controller.txt of the kernel).
 * @param idle the counters that are known to have counted nothing
 */
export function readBlkioV1(
  directories: ProcessCgroups["v1"],
  detail: boolean,
  idle: ReadonlySet<string> = new Set(),
): BlkioStats | undefined {
  const directory = directories.get("blkio");
  if (directory === undefined) return undefined;
  let counted: BlkioStats | undefined;
  for (const counter of counters) {
    if (idle.has(counter)) {
      counted ??= { devices: [] };
      continue;
    }
    const bytes = readBytes(directory, counter);
    if (bytes === undefined) continue;
    counted = { devices: [...bytes.values()].map(deviceOf) };
    if (counted.devices.length === 0) continue;
    if (detail) addCounts(counted.devices, readSums(directory, `${counter}io_serviced`));
    break;
  }
  return counted;
}

function readBytes(directory: string, counter: string): ReadonlyMap<string, Operations> | undefined {
  return readSums(directory, `${counter}io_service_bytes`);
}

/** Reads the sums over the cgroup and those below it; old kernels count the cgroup alone. */
function readSums(directory: string | undefined, name: string): ReadonlyMap<string, Operations> | undefined {
  return readOperations(directory, `${name}_recursive`) ?? readOperations(directory, name);
}

interface Operations {
  major: number;
  minor: number;
  read: number;
  write: number;
}

/** Reads lines like `8:0 Read 4096`; the other operations are parts of these, or move no data. */
function readOperations(
  directory: string | undefined,
  name: string,
): ReadonlyMap<string, Operations> | undefined {
  const text = readRareCgroupFile(directory, name);
  if (text === undefined) return undefined;
  const devices = new Map<string, Operations>();
  for (const line of text.split("\n")) {
    const match = /^(\d+):(\d+) (Read|Write) (\d+)$/.exec(line.trim());
    if (match === null) continue;
    const [, major = "", minor = "", operation, value = ""] = match;
    const key = `${major}:${minor}`;
    const device = devices.get(key) ?? { major: Number(major), minor: Number(minor), read: 0, write: 0 };
    device[operation === "Read" ? "read" : "write"] = parseNumber(value) ?? 0;
    devices.set(key, device);
  }
  return devices;
}

function deviceOf({ major, minor, read, write }: Operations): BlkioDevice {
  return { major, minor, readBytes: read, writeBytes: write };
}

function addCounts(devices: BlkioDevice[], counts: ReadonlyMap<string, Operations> | undefined): void {
  for (const device of devices) {
    const found = counts?.get(`${device.major}:${device.minor}`);
    device.reads = found?.read;
    device.writes = found?.write;
  }
}
