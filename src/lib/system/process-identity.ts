import type { ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { errnoOf, KpodError } from "../errors";
import { checked, libc, systemError } from "./libc";
import { isOwnProc } from "./namespaces";
import { readProcessStat } from "./process";

/**
 * One process and no other, in the pid namespace that /proc shows: its pid is somebody else's some day, with its start
 * time it never is.
 */
export interface ProcessIdentity {
  /** Above 1. */
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks after boot. */
  readonly startTime: string;
}

/** A signal by its name. */
export type SignalName = keyof typeof constants.signals;

/** The process that has a pid now, also one that waits to be reaped; undefined when there is none that can be meant. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const stat = isMeant(pid) ? readProcessStat(pid) : undefined;
  return stat === undefined ? undefined : { pid, startTime: stat.startTime };
}

/** The process that somebody wrote down; undefined when what was written names none for sure. */
export function knownProcess(
  pid: number | undefined,
  startTime: string | undefined,
): ProcessIdentity | undefined {
  if (pid === undefined || startTime === undefined || !/^\d+$/.test(startTime)) return undefined;
  return isMeant(pid) ? { pid, startTime } : undefined;
}

// The same numbers on all architectures that node runs on but mips, whose kernel knows no such call and says so.
const SYS_pidfd_send_signal = 424;
const SYS_pidfd_open = 434;

/**
 * Sends a signal to this very process, through a descriptor of it: another process that gets its pid meanwhile is
 * never hit. Kernels before 5.3 have no such descriptors: there it is looked at right before.
 * @returns whether it was sent; false when the process has ended
 * @throws KpodError UNSUPPORTED where /proc shows another pid namespace than that of kill(2); an error of the operating
 * system when it may not be signalled
 */
export function signalProcess(process: ProcessIdentity, signal: SignalName): boolean {
  const { pid } = process;
  if (!isMeant(pid)) return false;
  if (!isOwnProc()) {
    throw new KpodError("UNSUPPORTED", `process ${pid} is of another pid namespace and cannot be signalled`);
  }
  const number = constants.signals[signal];
  const fd = openProcess(pid);
  if (fd === "gone") return false;
  if (fd === undefined) return isThere(process) && killed(libc().kill(pid, number), pid);
  try {
    // Who has the pid now has had it since before the descriptor was opened, or the descriptor is of a dead one.
    if (!isThere(process)) return false;
    return killed(libc().syscall(SYS_pidfd_send_signal, fd, number, null, 0), pid);
  } finally {
    closeSync(fd);
  }
}

/** Also of one whose first thread has ended: the others may go on. */
function isThere({ pid, startTime }: ProcessIdentity): boolean {
  return readProcessStat(pid)?.startTime === startTime;
}

/**
 * Kills a program that this process started as the leader of its own group, with all that is in the group, also when
 * the program itself has ended.
 */
export function killGroupOf({
  pid,
  exitCode,
  signalCode,
}: Pick<ChildProcess, "pid" | "exitCode" | "signalCode">): void {
  if (pid === undefined || !isMeant(pid)) return;
  // A pid is not given anew while a group bears it. Once the program was reaped, a process of that pid is another one.
  const reaped = exitCode !== null || signalCode !== null;
  if (reaped && readProcessStat(pid) !== undefined) return;
  killed(libc().kill(-pid, constants.signals.SIGKILL), pid);
}

/**
 * Kills such a program and what it started, and waits for none of them: one that hangs in the kernel does not die, and
 * would hold its output open.
 */
export function giveUpProgram(
  child: Pick<ChildProcess, "pid" | "exitCode" | "signalCode" | "stdout" | "stderr" | "unref">,
): void {
  killGroupOf(child);
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
}

/** 0 and below mean groups to kill(2), 1 is who runs the machine, and nobody wants this very program to be ended. */
function isMeant(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 1 && pid !== process.pid;
}

function killed(result: number, pid: number): boolean {
  try {
    checked("kill", result, `process ${pid}`);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false;
    throw error;
  }
}

/** A descriptor of the process that has a pid; undefined where the kernel has none. */
function openProcess(pid: number): number | "gone" | undefined {
  const fd = libc().syscall(SYS_pidfd_open, pid, 0, null, 0);
  if (fd !== -1) return fd;
  const errno = libc().errno();
  // EINVAL, and ENOENT since Linux 6.15: a thread of a process, which is none by itself.
  if ([constants.errno.ESRCH, constants.errno.EINVAL, constants.errno.ENOENT].includes(errno)) return "gone";
  // ENOSYS of old kernels, EPERM of those who filter what they do not know.
  if (errno === constants.errno.ENOSYS || errno === constants.errno.EPERM) return undefined;
  throw systemError("pidfd_open", errno, `process ${pid}`);
}
