/** Time on the processors, in nanoseconds since the cgroup was made. */
export interface CpuStats {
  usage: number;
  user?: number | undefined;
  system?: number | undefined;
  /** One number for each processor; version 1 only. */
  perCpu?: number[] | undefined;
  throttling?: CpuThrottling | undefined;
}

/** How often a limit of processor time held the cgroup back. */
export interface CpuThrottling {
  periods: number;
  throttledPeriods: number;
  /** Nanoseconds. */
  throttledTime: number;
}

/** Memory in bytes. */
export interface MemoryStats {
  /** What the kernel charges, the cache of files included. */
  usage: number;
  /** The part of the cache that the kernel gives back first. */
  inactiveFile: number;
  /** Undefined without a limit. */
  limit: number | undefined;
  maxUsage?: number | undefined;
  /** How often the limit was hit. */
  failures?: number | undefined;
  /** Everything in memory.stat, under the kernel's names. */
  stat?: Readonly<Record<string, number>>;
}

/** Processes and threads. */
export interface PidsStats {
  current: number;
  /** Undefined without a limit. */
  limit?: number | undefined;
}

/** What was read from and written to block devices. */
export interface BlkioStats {
  devices: BlkioDevice[];
}

/** The share of one block device. */
export interface BlkioDevice {
  major: number;
  minor: number;
  readBytes: number;
  writeBytes: number;
  reads?: number | undefined;
  writes?: number | undefined;
}

/** How often the kernel killed for want of memory. */
export interface OomStats {
  /** Processes that it killed in the cgroup and those below it. */
  kills: number;
}

/** The share of time in which tasks waited for something that was short (psi.rst of the kernel). */
export interface PressureAverages {
  /** Percent of the last 10, 60 and 300 seconds. */
  avg10: number;
  avg60: number;
  avg300: number;
  /** Microseconds since the cgroup was made. */
  total: number;
}

/** The pressure on one resource. */
export interface Pressure {
  /** At least one task waited. */
  some: PressureAverages;
  /** All of them waited at the same time; of processors older kernels do not count it. */
  full: PressureAverages | undefined;
}

/** The pressure on all that the kernel watches; version 2 only. */
export interface PressureStats {
  cpu: Pressure;
  memory: Pressure;
  io: Pressure;
}

/** What the kernel counts for a cgroup; undefined what it does not count there, or what was not asked for. */
export interface CgroupStats {
  cpu: CpuStats | undefined;
  memory: MemoryStats | undefined;
  pids: PidsStats | undefined;
  blkio: BlkioStats | undefined;
  oom: OomStats | undefined;
  pressure: PressureStats | undefined;
}

/** What can be asked for by itself: a controller, by the name of version 1. */
export type StatsController = keyof CgroupStats;
