import type { Container } from "../../oci/container";
import { readMounts, type MountInfo } from "../../system/mount";
import {
  allProcesses,
  openFileLinks,
  processLink,
  readCommandLine,
  readCommandName,
  readProcessList,
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

/** The words of the command lines of all programs that run, by their pids. */
export function commandLines(facts: Facts): ReadonlyMap<number, readonly string[]> {
  const programs = facts.get(allProcesses).filter(({ isOfKernel }) => !isOfKernel);
  return new Map(
    programs.flatMap(({ pid }) => {
      const words = readCommandLine(pid);
      return words === undefined ? [] : [[pid, words] as const];
    }),
  );
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

/** A process in words: `sleep (123)`. */
export function processWords(pid: number): string {
  return `${readCommandName(pid) ?? "process"} (${pid})`;
}
