import { readdirSync, readlinkSync } from "node:fs";
import { ifThere } from "../../errors";
import { processCgroupPath, readCgroupLine } from "../../cgroups/process-cgroups";
import type { Container } from "../../oci/container";
import { readMounts, type MountInfo } from "../../system/mount";
import { readCommandName, readProcessCgroup, readProcessFile, type ProcessStat } from "../../system/process";
import type { Facts } from "../facts";
import { containersWithStates } from "./containers";

/** A process of one of CRI-O's containers, in their cgroups or that of their conmon. */
export interface ContainerProcess {
  readonly stat: ProcessStat;
  readonly container: Container;
  /** The path of its cgroup, in one of the hierarchies. */
  readonly cgroup: string;
}

/** Finds the container to which a process belongs, by its cgroup. */
export async function containerOfProcess(
  facts: Facts,
): Promise<(stat: ProcessStat) => ContainerProcess | undefined> {
  const byId = new Map<string, Container>(
    (await facts.get(containersWithStates)).map((container) => [container.id, container]),
  );
  return (stat) => {
    const text = readProcessCgroup(stat.pid) ?? "";
    const id = /crio-(?:conmon-)?([0-9a-f]{64})/.exec(text)?.[1];
    const container = id === undefined ? undefined : byId.get(id);
    if (id === undefined || container === undefined) return undefined;
    const cgroup = processCgroupPath(text, id) ?? lineWith(text, id);
    return { stat, container, cgroup };
  };
}

function lineWith(text: string, id: string): string {
  return (
    text
      .split("\n")
      .map((line) => readCgroupLine(line)?.path ?? "")
      .find((path) => path.includes(id)) ?? ""
  );
}

/** File systems whose server may be away. */
const remoteTypes = /^(?:nfs4?|cifs|smb3|ceph|fuse(?:\..*)?|fuseblk|glusterfs|lustre|afs|9p|gpfs|beegfs)$/;

/** The mounts of other machines, or of programs, in which a process has something open, or works. */
export function remoteMountsOf(pid: number): readonly MountInfo[] {
  const text = readProcessFile(pid, "mountinfo");
  if (text === undefined) return [];
  const mounts = readMounts(text);
  if (!mounts.some(({ type }) => remoteTypes.test(type))) return [];
  // A link of /proc is read without asking the file system for anything.
  const fds = ifThere(() => readdirSync(`/proc/${pid}/fd`), "ESRCH", "EACCES") ?? [];
  const paths = [`/proc/${pid}/cwd`, ...fds.map((fd) => `/proc/${pid}/fd/${fd}`)].flatMap(
    (link) => ifThere(() => readlinkSync(link), "ESRCH", "EACCES") ?? [],
  );
  const used = paths.flatMap((path) => mountOf(mounts, path) ?? []);
  const remote = mounts.filter((mount) => remoteTypes.test(mount.type));
  const open = remote.filter((mount) => used.includes(mount));
  return open.length > 0 ? open : remote;
}

function mountOf(mounts: readonly MountInfo[], path: string): MountInfo | undefined {
  return mounts.findLast(
    ({ target }) => path === target || path.startsWith(target === "/" ? "/" : `${target}/`),
  );
}

/** A process in words: `sleep (123)`. */
export function processWords(pid: number): string {
  return `${readCommandName(pid) ?? "process"} (${pid})`;
}
