/*
 * Who the conmon of a container is: by what CRI-O persisted and conmon itself wrote down, else by a look at all processes.
 * What a process is called with decides; a pid in a file alone tells nothing, it can be anybody's by now.
 */
import { basename, join } from "node:path";
import { fileLimits, readRegularText } from "../../system/files";
import { isSamePath } from "../../system/paths";
import {
  isAlive,
  isLiving,
  processIds,
  readCommandLine,
  readExecutable,
  readProcessStat,
  type ProcessStat,
} from "../../system/process";
import { identifyProcess, knownProcess, type ProcessIdentity } from "../../system/process-identity";
import type { Container } from "../container";
import { hasStateFile, isYoung } from "../state/being-made";
import { readPersistedLazily } from "../state/persisted";

/** What of a container leads to its conmon. */
export type Monitored = Pick<Container, "id" | "bundlePath" | "dir">;

/**
 * The conmon of a container while it lives: the process that state.json or the pid file names, if it is a conmon and
 * was called for this very container.
 * @returns undefined when it is dead or its pid is nowhere: CRI-O before 1.17 did not ask conmon for it
 */
export function findMonitor(container: Monitored): ProcessIdentity | undefined {
  return [persistedMonitor(container), monitorOfPidFile(container)].find(
    (candidate): candidate is ProcessIdentity =>
      candidate !== undefined && isAlive(candidate) && watches(readMonitorCall(candidate.pid), container),
  );
}

/** The same, and where neither names it, looked for among all processes: before the container's files are removed. */
export function searchMonitor(container: Monitored): ProcessIdentity | undefined {
  return findMonitor(container) ?? livingMonitors().find(({ call }) => watches(call, container))?.process;
}

/** A conmon that lives, and for whom it says that it does. */
export interface SeenMonitor {
  readonly process: ProcessIdentity;
  readonly id: string;
  readonly bundle: string;
  /** The container's full name; undefined when it was not told. */
  readonly name: string | undefined;
}

/** What somebody has read of all processes, who asks several such questions. */
export interface ReadProcesses {
  readonly stats: readonly ProcessStat[];
  readonly wordsOf: (pid: number) => readonly string[] | undefined;
}

/** All conmons that live and watch a container; those of an exec are for no bundle. */
export function listMonitors(read?: ReadProcesses): SeenMonitor[] {
  return livingMonitors(read).flatMap(({ process, call: { id, bundle, name } }) =>
    bundle === undefined ? [] : [{ process, id, bundle, name }],
  );
}

/** True when it is written down who the conmon of a container is: then one that is not found is dead. */
export function isMonitorPersisted(container: Monitored): boolean {
  return persistedMonitorPid(container) !== undefined;
}

/**
 * The pid of a conmon that is written down, and is dead: there is no such process, or it is somebody else by now. Who may not
 * look into a process takes it for the conmon that it was.
 */
export function deadMonitorPid(container: Monitored): number | undefined {
  const pid = persistedMonitorPid(container);
  if (pid === undefined || findMonitor(container) !== undefined) return undefined;
  const stat = readProcessStat(pid);
  // A thread of the kernel has no executable either, and was never one.
  const isHidden =
    stat !== undefined && isLiving(stat) && !stat.isOfKernel && readExecutable(pid) === undefined;
  return isHidden ? undefined : pid;
}

/** conmon's own file is of this run; state.json may be of the one before. */
function persistedMonitorPid(container: Monitored): number | undefined {
  return readMonitorPid(container.bundlePath) ?? persistedMonitor(container)?.pid;
}

/** True for what somebody began to make long ago and left: no state was ever persisted, and no conmon works at it. */
export function isLeftByHalf(container: Monitored & Pick<Container, "createdAt">): boolean {
  return !hasStateFile(container) && !isYoung(container) && findMonitor(container) === undefined;
}

/** CRI-O since 1.34 persists it with its start time. */
function persistedMonitor({ dir }: Monitored): ProcessIdentity | undefined {
  try {
    const monitor = readPersistedLazily(join(dir, "state.json"))?.state.monitor;
    return knownProcess(monitor?.pid, monitor?.startTime);
  } catch {
    // What cannot be read names nobody.
    return undefined;
  }
}

function monitorOfPidFile({ bundlePath }: Monitored): ProcessIdentity | undefined {
  const pid = readMonitorPid(bundlePath);
  return pid === undefined ? undefined : identifyProcess(pid);
}

/** What stands in the pid file that conmon wrote. */
function readMonitorPid(bundlePath: string): number | undefined {
  try {
    const text = readRegularText(join(bundlePath, "conmon-pidfile"), fileLimits.word).trim();
    return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

/** What a conmon was called with. */
export interface MonitorCall {
  readonly program: string;
  /** The container that it watches. */
  readonly id: string;
  readonly bundle: string | undefined;
  readonly name: string | undefined;
  /** Path of the runtime that it calls; "" when it was not told. */
  readonly runtime: string;
  /** The directory of that runtime's state; "" for its default. */
  readonly runtimeRoot: string;
}

/** What the conmon that has a pid was called with; undefined for a program that is none, or watches no container. */
export function readMonitorCall(
  pid: number,
  args: readonly string[] = readCommandLine(pid) ?? [],
): MonitorCall | undefined {
  // That an id stands elsewhere among them is not enough.
  const id = valueOf(args, "-c", "--cid");
  if (id === undefined || !isConmon(pid)) return undefined;
  return {
    program: args[0] ?? "",
    id,
    bundle: valueOf(args, "-b", "--bundle"),
    name: valueOf(args, "-n", "--name"),
    runtime: valueOf(args, "-r", "--runtime") ?? "",
    runtimeRoot: args.find((arg) => arg.startsWith("--root="))?.slice("--root=".length) ?? "",
  };
}

/** True for a conmon of this very container: in a copy of a store, the container of that id is another one. */
function watches(call: MonitorCall | undefined, { id, bundlePath }: Monitored): boolean {
  if (call?.id !== id) return false;
  return call.bundle === undefined || isSamePath(call.bundle, bundlePath);
}

/** All conmons that live and watch a container, also those of an exec. */
function livingMonitors(read?: ReadProcesses): { process: ProcessIdentity; call: MonitorCall }[] {
  const found = (call: MonitorCall | undefined, stat: ProcessStat | undefined) => {
    const lives = stat !== undefined && isLiving(stat);
    const process = lives ? knownProcess(stat.pid, stat.startTime) : undefined;
    return call === undefined || process === undefined ? [] : [{ process, call }];
  };
  if (read !== undefined)
    return read.stats.flatMap((stat) => found(readMonitorCall(stat.pid, read.wordsOf(stat.pid) ?? []), stat));
  return processIds().flatMap((pid) => {
    const call = readMonitorCall(pid);
    return found(call, call && readProcessStat(pid));
  });
}

/** The value of an option; of several the last, as conmon itself takes it. */
function valueOf(args: readonly string[], short: string, long: string): string | undefined {
  const values = args.flatMap((arg, index) => {
    if (arg.startsWith(`${long}=`)) return arg.slice(long.length + 1);
    return arg === short || arg === long ? (args[index + 1] ?? []) : [];
  });
  return values.at(-1);
}

function isConmon(pid: number): boolean {
  return basename(readExecutable(pid) ?? "")
    .replace(/ \(deleted\)$/, "")
    .includes("conmon");
}
