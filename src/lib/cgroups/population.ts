import { cgroupsBelow, keyedNumber, readCgroupFile, readCgroupNumber } from "./files";
import { cgroupHierarchies } from "./mounts";

/** What the cgroups of containers tell of the processes in them, without looking at these. */
export interface CgroupPopulation {
  /**
   * Whether a container's cgroups hold processes, of whichever pid namespace; undefined where none is to be seen, or
   * the kernel does not tell.
   */
  isPopulated(id: string): boolean | undefined;
  /** True when a process of another pid namespace is in one of them: cgroup.procs calls it 0. */
  hasForeign(id: string): boolean;
}

/** Looks at all cgroups that bear the names which CRI-O gives those of containers. */
export function cgroupPopulation(): CgroupPopulation {
  const directories = new Map<string, string[]>();
  for (const hierarchy of cgroupHierarchies()) collect(hierarchy, directories);
  return {
    isPopulated: (id) => {
      const answers = (directories.get(id) ?? []).map(populated);
      if (answers.includes(true)) return true;
      return answers.includes(false) ? false : undefined;
    },
    hasForeign: (id) =>
      (directories.get(id) ?? []).some((directory) => processLines(directory).includes("0")),
  };
}

function collect(directory: string, directories: Map<string, string[]>): void {
  for (const name of cgroupsBelow(directory, denials)) {
    const path = `${directory}/${name}`;
    const id = /^crio-([0-9a-f]{64})(?:\.scope)?$/.exec(name)?.[1];
    if (id === undefined) collect(path, directories);
    else directories.set(id, [...(directories.get(id) ?? []), path]);
  }
}

/** Some may not be looked at. */
const denials = ["EACCES", "EPERM"];

function populated(directory: string): boolean | undefined {
  // Version 2 counts those below, too, and so does version 1 where it counts processes at all.
  const events = keyedNumber(readCgroupFile(directory, "cgroup.events"), "populated");
  const count = events ?? readCgroupNumber(directory, "pids.current");
  if (count !== undefined) return count > 0;
  // Version 1 leaves those of other pid namespaces out of the list: an empty one tells nothing.
  return processLines(directory).length > 0 ? true : undefined;
}

function processLines(directory: string): string[] {
  const own = (readCgroupFile(directory, "cgroup.procs") ?? "").split("\n").filter(Boolean);
  return [
    ...own,
    ...cgroupsBelow(directory, denials).flatMap((name) => processLines(`${directory}/${name}`)),
  ];
}
