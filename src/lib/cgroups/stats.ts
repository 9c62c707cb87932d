import type { ProcessCgroups } from "./process-cgroups";
import { readBlkioV1 } from "./v1/blkio";
import { readCpuV1 } from "./v1/cpu";
import { readMemoryV1 } from "./v1/memory";
import { readPidsV1 } from "./v1/pids";
import { readCpuV2 } from "./v2/cpu";
import { readIoV2 } from "./v2/io";
import { readMemoryV2 } from "./v2/memory";
import { readPidsV2 } from "./v2/pids";

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

/** All of them. */
export const statsControllers: readonly StatsController[] = ["cpu", "memory", "pids", "blkio"];

/** The optional fields are read with `detail` only, where they stand in files of their own. */
type Reader<From, Stats> = (from: From, detail: boolean) => Stats | undefined;

interface Versions<Stats> {
  /** The controller of version 1 that counts it. */
  readonly controller: string;
  readonly v1: Reader<ProcessCgroups["v1"], Stats>;
  readonly v2: Reader<string, Stats>;
}

const readers: { readonly [Name in StatsController]: Versions<NonNullable<CgroupStats[Name]>> } = {
  cpu: { controller: "cpuacct", v1: readCpuV1, v2: readCpuV2 },
  memory: { controller: "memory", v1: readMemoryV1, v2: readMemoryV2 },
  pids: { controller: "pids", v1: readPidsV1, v2: readPidsV2 },
  blkio: { controller: "blkio", v1: readBlkioV1, v2: readIoV2 },
};

/**
 * Reads what the kernel counts for a cgroup, each controller in the version that holds it.
 * @param options.controllers what to read; all when left out
 * @param options.detail true fills the optional fields, too, which costs a few more files
 * @throws KpodError NOT_PERMITTED, IO; a missing file is no error
 */
export function readCgroupStats(
  cgroups: ProcessCgroups,
  options: { controllers?: readonly StatsController[]; detail?: boolean } = {},
): CgroupStats {
  const { controllers = statsControllers, detail = false } = options;
  const read = <Stats>(name: StatsController, versions: Versions<Stats>): Stats | undefined => {
    if (!controllers.includes(name)) return undefined;
    if (cgroups.v1.has(versions.controller)) return versions.v1(cgroups.v1, detail);
    return cgroups.v2 === undefined ? undefined : versions.v2(cgroups.v2, detail);
  };
  return {
    cpu: read("cpu", readers.cpu),
    memory: read("memory", readers.memory),
    pids: read("pids", readers.pids),
    blkio: read("blkio", readers.blkio),
  };
}
