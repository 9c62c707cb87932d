import { basename } from "node:path";
import {
  countOpenFiles,
  openFileLinks,
  processLink,
  readProcessFile,
  readProcessList,
  type ProcessStat,
} from "../../system/process";

/** What a process has open. */
export interface OpenFiles {
  /** How many files. */
  readonly count: number;
  /** Its inotify instances, and what they watch; none where it has no more open than standard files. */
  readonly instances: number;
  readonly watches: number;
  /** The user that it is; "" where it has no instance. */
  readonly user: string;
}

/** Where nobody watches from: half of all that is open on a node. */
const standardFiles: ReadonlySet<string> = new Set(["fd/0", "fd/1", "fd/2"]);

/** What each of these programs has open, by its pid. */
export function readOpenFiles(programs: readonly ProcessStat[]): ReadonlyMap<number, OpenFiles> {
  // Conmons are alike, and most of the descriptors of a node are theirs: of those with the same ones, one is looked at.
  const ofMonitors = new Map<string, readonly string[]>();
  return new Map(
    programs.map(({ pid, name }) => [
      pid,
      name === "conmon" ? filesOfMonitor(pid, ofMonitors) : filesOfProgram(pid),
    ]),
  );
}

function filesOfMonitor(pid: number, seen: Map<string, readonly string[]>): OpenFiles {
  const links = openFileLinks(pid);
  const same = links.join(" ");
  const instances = seen.get(same) ?? instancesAmong(pid, links);
  seen.set(same, instances);
  return filesOf(pid, links, instances);
}

function filesOfProgram(pid: number): OpenFiles {
  // A kernel since 6.2 tells how many there are.
  const count = countOpenFiles(pid);
  if (count > 0 && count <= standardFiles.size) return { count, instances: 0, watches: 0, user: "" };
  const links = openFileLinks(pid);
  return filesOf(pid, links, instancesAmong(pid, links));
}

function instancesAmong(pid: number, links: readonly string[]): readonly string[] {
  return links.filter((link) => !standardFiles.has(link) && processLink(pid, link) === "anon_inode:inotify");
}

function filesOf(pid: number, links: readonly string[], instances: readonly string[]): OpenFiles {
  return {
    count: links.length,
    instances: instances.length,
    watches: instances.reduce((sum, link) => sum + watchesOf(pid, basename(link)), 0),
    user: instances.length === 0 ? "" : (userOf(pid) ?? ""),
  };
}

function watchesOf(pid: number, fd: string): number {
  return (readProcessList(pid, `fdinfo/${fd}`) ?? "")
    .split("\n")
    .filter((line) => line.startsWith("inotify ")).length;
}

/** The user that a process is, as a number; undefined when it is gone. */
export function userOf(pid: number): string | undefined {
  return /^Uid:\t(\d+)/m.exec(readProcessFile(pid, "status") ?? "")?.[1];
}
