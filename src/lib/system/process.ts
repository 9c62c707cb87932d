import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { ifThere } from "../errors";
import { loadedLibc } from "./libc";
import { isOwnProc } from "./namespaces";
import { fileLimits, readTextIfThere } from "./files";
import { readSmallText } from "./scratch";

/** The kernel's clock ticks of user space: 100 a second on every architecture that node runs on. */
export const ticksPerSecond = 100;

/** What /proc/PID/stat says, as far as kpod reads it. */
export interface ProcessStat {
  pid: number;
  /** The short name, as `ps` shows it. */
  name: string;
  /** `R`, `S`, `Z`, … (proc(5)). */
  state: string;
  parent: number;
  /** True for a thread of the kernel: it has no program, no command line and no files. */
  isOfKernel: boolean;
  /** How many threads it has; of one that has died those that have not. */
  threads: number;
  /** Of the processes that belong to one terminal, or to none: see setsid(2). */
  session: string;
  /** Field 22: clock ticks after boot. With the pid it names one process for ever. */
  startTime: string;
}

/** The pids of all processes, in the order in which /proc has them. */
export function processIds(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** All processes that there are, as /proc/PID/stat has them. */
export function allProcesses(): readonly ProcessStat[] {
  return processIds().flatMap((pid) => readProcessStat(pid) ?? []);
}

/** When a process was started, in milliseconds since 1970. */
export function processStarted({ startTime }: Pick<ProcessStat, "startTime">): number {
  const uptime = Number(readTextIfThere("/proc/uptime", fileLimits.word)?.split(" ")[0] ?? 0);
  return Date.now() - uptime * 1000 + (Number(startTime) * 1000) / ticksPerSecond;
}

/** Reads /proc/PID/stat; undefined when there is no such process, as there is none below 1. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const text = readProcessFile(pid, "stat");
  if (text === undefined) return undefined;
  // The second field is the command in brackets and may hold blanks and brackets itself.
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ", 20);
  return {
    pid,
    name: text.slice(text.indexOf("(") + 1, end),
    state: fields[0] ?? "",
    parent: Number(fields[1]),
    isOfKernel: (Number(fields[6]) & PF_KTHREAD) !== 0,
    session: fields[3] ?? "",
    threads: Number(fields[17]),
    startTime: fields[19] ?? "",
  };
}

const PF_KTHREAD = 0x200000;

/** True where what is typed at the terminal, Ctrl-C for one, reaches this process and all that it starts without a session of its own. */
export function isInForeground(): boolean {
  const text = readProcessFile("self", "stat") ?? "";
  const [, , group, , terminal, foreground] = text.slice(text.lastIndexOf(")") + 2).split(" ", 6);
  return terminal !== "0" && group !== undefined && group === foreground;
}

/** True while a process lives, with a start time that very process; one that only waits to be reaped does not. */
export function isAlive({ pid, startTime }: { pid: number; startTime?: string | undefined }): boolean {
  const stat = readProcessStat(pid);
  return stat !== undefined && isLiving(stat, startTime);
}

/** The same of a process that was looked at. */
export function isLiving({ state, startTime }: ProcessStat, wanted?: string): boolean {
  return state !== "Z" && state !== "X" && (wanted === undefined || startTime === wanted);
}

/** True while there is a process of this pid, whichever: a cheaper question than what it is. */
export function isPidTaken(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  const libc = loadedLibc();
  if (libc === undefined || !isOwnProc()) return existsSync(`/proc/${pid}`);
  // Signal 0 only asks, see kill(2). Of somebody else's process it says that we may not.
  return libc.kill(pid, 0) === 0 || libc.errno() !== ESRCH;
}

const ESRCH = 3;

/** The command line of a process in words; empty for kernel threads, undefined when it is gone. */
export function readCommandLine(pid: number): string[] | undefined {
  const text = readProcessFile(pid, "cmdline");
  if (text === undefined) return undefined;
  return text.split("\0").slice(0, -1);
}

/** The program that a process runs, as /proc/PID/exe shows it; undefined where there is none, or nobody may know. */
export function readExecutable(pid: number): string | undefined {
  // Threads of the kernel have none.
  return processLink(pid, "exe");
}

/**
 * Where a link of a process leads (`exe`, `cwd`, `fd/3`), read without asking any file system; undefined where there is
 * none, nobody may know, or the path is longer than the kernel tells one, as any program can make it.
 */
export function processLink(pid: number | "self", name: string): string | undefined {
  const link = `/proc/${pid}/${name}`;
  return ifThere(() => readlinkSync(link), "ESRCH", "EACCES", "EPERM", "EINVAL", "ENAMETOOLONG");
}

/** The names of the links to what a process has open (`fd/3`); none where nobody may know. */
export function openFileLinks(pid: number): readonly string[] {
  const fds = ifThere(() => readdirSync(`/proc/${pid}/fd`), "ESRCH", "EACCES", "EPERM") ?? [];
  return fds.map((fd) => `fd/${fd}`);
}

/** How many files a process has open, as kernels since 6.2 tell; 0 where they do not, it is gone, or nobody may know. */
export function countOpenFiles(pid: number): number {
  return ifThere(() => statSync(`/proc/${pid}/fd`).size, "ESRCH", "EACCES", "EPERM") ?? 0;
}

/** What /proc/PID/cgroup holds; undefined when there is no such process. */
export function readProcessCgroup(pid: number | "self"): string | undefined {
  return readProcessFile(pid, "cgroup");
}

/** The process that a thread belongs to; undefined when there is no such thread. */
export function readThreadGroup(thread: number): number | undefined {
  const group = /^Tgid:\t(\d+)$/m.exec(readProcessFile(thread, "status") ?? "")?.[1];
  return group === undefined ? undefined : Number(group);
}

/** The pids of what a process has started and not reaped; none where it is gone, or the kernel does not tell. */
export function readChildren(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    (readProcessFile(pid, `task/${thread}/children`) ?? "").split(" ").filter(Boolean).map(Number),
  );
}

/** The threads of a process, each of which has children of its own, see proc(5); none where it is gone. */
export function threadsOf(pid: number): string[] {
  return ifThere(() => readdirSync(`/proc/${pid}/task`), "ESRCH") ?? [];
}

/** The short name of a process, as `ps` shows it; undefined when it is gone. */
export function readCommandName(pid: number): string | undefined {
  return readProcessFile(pid, "comm")?.trimEnd();
}

/** In which function of the kernel a process sleeps; "" where it does not, or nobody may know. */
export function readWaitChannel(pid: number): string {
  const text = ifThere(() => readProcessFile(pid, "wchan"), "EACCES", "EPERM") ?? "";
  return text === "0" ? "" : text;
}

/**
 * The text of a list of a process below /proc, such as its mounts, of which the kernel gives no more than a page to one call;
 * undefined when it is gone. @throws the error of the operating system
 */
export function readProcessList(pid: number | "self", file: string): string | undefined {
  // EINVAL: it has ended, and has no mounts any more.
  return ifThere(() => readFileSync(`/proc/${pid}/${file}`, "utf8"), "ESRCH", "EINVAL");
}

/**
 * The text of a file of a process below /proc that fits into a page; undefined when it is gone.
 * @throws the error of the operating system
 */
export function readProcessFile(pid: number | "self", file: string): string | undefined {
  // ESRCH: it ended between open and read.
  return ifThere(() => readSmallText(`/proc/${pid}/${file}`, "utf8"), "ESRCH");
}
