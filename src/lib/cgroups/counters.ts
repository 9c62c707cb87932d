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

/** What the kernel counts for a cgroup; undefined what it does not count there, or what was not asked for. */
export interface CgroupStats {
  cpu: CpuStats | undefined;
  memory: MemoryStats | undefined;
  pids: PidsStats | undefined;
  blkio: BlkioStats | undefined;
}

/** A controller, by the name of version 1. */
export type StatsController = keyof CgroupStats;
