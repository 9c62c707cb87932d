import { uptime } from "node:os";
import type { BlkioStats, CgroupStats, MemoryStats, PressureStats } from "../cgroups/counters";
import type { NetworkInterface } from "../system/net-dev";
import { ticksPerSecond } from "../system/process";

/** What is shown of containers and pods alike. What is undefined is not counted, or not for it alone. */
export interface StatsValues {
  /** Use of processors in percent of one: 200 for two cores in full use. */
  cpu: number | undefined;
  /** Processor time since it began, in nanoseconds. */
  cpuTime: number | undefined;
  /** Bytes in use: without the part of the file cache that is given back first, as docker counts it. */
  memUsage: number | undefined;
  /** Bytes that may be used: the cgroup's limit, at most the machine's memory. */
  memLimit: number | undefined;
  /** Bytes in use in percent of the limit. */
  memPerc: number | undefined;
  /** Bytes that came in and went out through the pod's network devices, the loopback device left out. */
  netInput: number | undefined;
  netOutput: number | undefined;
  /** Bytes read from and written to block devices. */
  blockInput: number | undefined;
  blockOutput: number | undefined;
  /** Processes and threads. */
  pids: number | undefined;
  /** Processes that the kernel killed for want of memory. */
  oomKills: number | undefined;
  /** What its tasks waited for; of a container alone. */
  pressure: PressureStats | undefined;
}

/** The stats of a container (libkpod: ContainerStats). */
export interface ContainerStats extends StatsValues {
  /** Its id. */
  container: string;
  /** What the next sample counts the use of processors from; undefined when it did not run. */
  mark: ProcessorMark | undefined;
}

/** How much processor time a process's cgroup had used at a moment. */
export interface ProcessorMark {
  /** The first process, by pid and start time: another one begins anew. */
  readonly pid: number;
  readonly startTime: string;
  readonly nanoseconds: number;
  /** Milliseconds on the clock of `monotonicNow()`. */
  readonly at: number;
}

/** What of the machine stats are measured by. */
export interface MachineMemory {
  /** Bytes of memory. */
  readonly memory: number;
}

/** The raw numbers of a running container (libkpod: libcontainer.Stats). */
export interface LibcontainerStats extends CgroupStats {
  /** The first process, by pid and start time (clock ticks after boot). */
  pid: number;
  startTime: string;
  /** Milliseconds on the clock of `monotonicNow()`, when the processor time was read. */
  sampledAt: number;
  /**
   * The devices of the pod's network namespace; undefined with the host's network, whose counters are not the
   * pod's, and when they were not asked for.
   */
  interfaces: readonly NetworkInterface[] | undefined;
}

/** The stats that raw numbers come to. */
export function containerStats(
  id: string,
  raw: LibcontainerStats,
  host: MachineMemory,
  previous?: ContainerStats,
): ContainerStats {
  const mark: ProcessorMark | undefined =
    raw.cpu === undefined
      ? undefined
      : { pid: raw.pid, startTime: raw.startTime, nanoseconds: raw.cpu.usage, at: raw.sampledAt };
  return {
    container: id,
    cpu: mark === undefined ? undefined : processorPercent(mark, previous?.mark),
    cpuTime: raw.cpu?.usage,
    ...memoryValues(raw.memory, host.memory),
    ...networkValues(raw.interfaces),
    ...blockValues(raw.blkio),
    pids: raw.pids?.current,
    oomKills: raw.oom?.kills,
    pressure: raw.pressure,
    mark,
  };
}

/** The stats of a container that does not run. */
export function stoppedStats(id: string): ContainerStats {
  return {
    container: id,
    cpu: 0,
    cpuTime: undefined,
    memUsage: 0,
    memLimit: 0,
    memPerc: 0,
    netInput: 0,
    netOutput: 0,
    blockInput: 0,
    blockOutput: 0,
    pids: 0,
    // These were counted, and are gone with its cgroup.
    oomKills: undefined,
    pressure: undefined,
    mark: undefined,
  };
}

/** The stats of a container of which nothing is known, because its runtime could not be asked. */
export function unknownStats(id: string): ContainerStats {
  return {
    container: id,
    cpu: undefined,
    cpuTime: undefined,
    ...memoryValues(undefined, 0),
    ...networkValues(undefined),
    ...blockValues(undefined),
    pids: undefined,
    oomKills: undefined,
    pressure: undefined,
    mark: undefined,
  };
}

function processorPercent(now: ProcessorMark, before: ProcessorMark | undefined): number {
  const same = before?.pid === now.pid && before.startTime === now.startTime;
  const since = same ? before : startOf(now);
  const nanoseconds = Math.max(0, now.nanoseconds - since.nanoseconds);
  // A container that began within this very tick is no reason to divide by nothing.
  const elapsed = Math.max(now.at - since.at, same ? 0.001 : 1000 / ticksPerSecond);
  return (nanoseconds / (elapsed * 1_000_000)) * 100;
}

/** The mark that the container's start would have been. */
function startOf(now: ProcessorMark): Pick<ProcessorMark, "nanoseconds" | "at"> {
  const age = uptime() * 1000 - (Number(now.startTime) / ticksPerSecond) * 1000;
  return { nanoseconds: 0, at: now.at - age };
}

/**
 * Memory as docker's client counts it: usage without inactive_file. What the kernel charges holds every file
 * that was read once; the active part stays in, for it is in use.
 */
function memoryValues(
  memory: MemoryStats | undefined,
  machine: number,
): Pick<StatsValues, "memUsage" | "memLimit" | "memPerc"> {
  if (memory === undefined) return { memUsage: undefined, memLimit: undefined, memPerc: undefined };
  const { usage, inactiveFile, limit } = memory;
  const memUsage = inactiveFile < usage ? usage - inactiveFile : usage;
  const memLimit = Math.min(limit ?? machine, machine);
  return { memUsage, memLimit, memPerc: percentOf(memUsage, memLimit) };
}

/** A part in percent of a whole; 0 of a whole that is nothing. */
export function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : (part / whole) * 100;
}

function networkValues(
  interfaces: readonly NetworkInterface[] | undefined,
): Pick<StatsValues, "netInput" | "netOutput"> {
  const outside = interfaces?.filter(({ name }) => name !== "lo");
  return {
    netInput: outside?.reduce((sum, { rxBytes }) => sum + rxBytes, 0),
    netOutput: outside?.reduce((sum, { txBytes }) => sum + txBytes, 0),
  };
}

function blockValues(blkio: BlkioStats | undefined): Pick<StatsValues, "blockInput" | "blockOutput"> {
  return {
    blockInput: blkio?.devices.reduce((sum, { readBytes }) => sum + readBytes, 0),
    blockOutput: blkio?.devices.reduce((sum, { writeBytes }) => sum + writeBytes, 0),
  };
}
