import type { Container } from "../../oci/container";
import { readMounts, type MountInfo } from "../../system/mount";
import {
  allProcesses,
  openFileLinks,
  processLink,
  readCommandName,
  readProcessList,
  readProcessStat,
  readThreadGroup,
  threadsOf,
  type ProcessStat,
} from "../../system/process";
import type { Facts } from "../facts";
import { cgroupTexts } from "./cgroups";
import { containersWithStates } from "./containers";
import { mountOf } from "./mounts";

/** Finds the container in whose cgroup, or that of its conmon, a process is. */
export async function containerOfProcess(facts: Facts): Promise<(pid: number) => Container | undefined> {
  const byId = new Map<string, Container>(
    (await facts.get(containersWithStates)).map((container) => [container.id, container]),
  );
  const cgroupOf = facts.get(cgroupTexts);
  return (pid) => byId.get(/crio-(?:conmon-)?([0-9a-f]{64})/.exec(cgroupOf(pid) ?? "")?.[1] ?? "");
}

/**
 * What is in the state D, uninterruptible: programs, of those that were killed the threads that cannot die, and of those that
 * live the threads of which the kernel has said that they hang. The first thread of one that was killed is dead (Z), and it is
 * not gone before all are. To look at each thread of each program would take long.
 */
export async function hangingTasks(facts: Facts): Promise<readonly ProcessStat[]> {
  const hanging = facts
    .get(allProcesses)
    .flatMap((process) =>
      process.state === "Z" && process.threads > 1
        ? threadsInD(process.pid)
        : isInD(process)
          ? [process]
          : [],
    );
  const pids = new Set(hanging.map(({ pid }) => pid));
  const told = tasksInD(await facts.get(hungTaskIds));
  return [...hanging, ...told.filter(({ pid }) => !pids.has(pid))];
}

/** What the kernel has said in its log to hang: thousands of lines are read for it. */
export function hungTaskIds(facts: Facts): Promise<readonly number[]> {
  return facts.reader.read("hungTaskIds");
}

/** Of what the kernel has told to hang that which hangs now: what KILL ends it passes over. */
export function tasksInD(pids: readonly number[]): readonly ProcessStat[] {
  return pids.flatMap((pid) => readProcessStat(pid) ?? []).filter(isInD);
}

/** The threads of a process that are in D, which have files below /proc as it has. */
export function threadsInD(pid: number): readonly ProcessStat[] {
  return threadsOf(pid)
    .flatMap((thread) => readProcessStat(Number(thread)) ?? [])
    .filter(isInD);
}

function isInD({ state }: ProcessStat): boolean {
  return state === "D";
}

/** File systems whose server may be away. */
const remoteTypes = /^(?:nfs4?|cifs|smb3|ceph|fuse(?:\..*)?|fuseblk|glusterfs|lustre|afs|9p|gpfs|beegfs)$/;

/** The mounts of other machines, or of programs, in which a process has something open, or works. */
export function remoteMountsOf(pid: number): readonly MountInfo[] {
  const text = readProcessList(pid, "mountinfo");
  if (text === undefined) return [];
  const mounts = readMounts(text);
  if (!mounts.some(({ type }) => remoteTypes.test(type))) return [];
  const paths = ["cwd", ...openFileLinks(pid)].flatMap((link) => processLink(pid, link) ?? []);
  const used = paths.flatMap((path) => mountOf(mounts, path) ?? []);
  const remote = mounts.filter((mount) => remoteTypes.test(mount.type));
  const open = remote.filter((mount) => used.includes(mount));
  return open.length > 0 ? open : remote;
}

/** A process or one of its threads in words: `sleep (123)`, `crio (124), a thread of 123,`. */
export function taskWords(pid: number): string {
  const group = readThreadGroup(pid) ?? pid;
  return group === pid ? processWords(pid) : `${processWords(pid)}, a thread of ${group},`;
}

/** A process in words: `sleep (123)`. */
export function processWords(pid: number): string {
  return `${readCommandName(pid) ?? "process"} (${pid})`;
}
