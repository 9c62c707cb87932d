import { lstatSync, type Stats } from "node:fs";
import { join } from "node:path";
import { namesInDirectory } from "../../system/files";
import { allProcesses, openFileLinks, processLink } from "../../system/process";
import type { Facts } from "../facts";

/** Something in a temporary directory. */
export interface TemporaryEntry {
  readonly path: string;
  readonly stat: Stats;
}

/** What of root's lies in the temporary directories of the node, by its name. */
export function temporaryEntries(facts: Facts, pattern: RegExp): readonly TemporaryEntry[] {
  const { live, temporaryDirectories = ["/tmp", "/var/tmp"] } = facts.options;
  // Those of this machine are not those of a disk of another node.
  return (live ? temporaryDirectories : []).flatMap((directory) =>
    namesInDirectory(directory)
      .filter((name) => pattern.test(name))
      .flatMap((name) => {
        const path = join(directory, name);
        const stat = lstatSync(path, { throwIfNoEntry: false });
        return stat?.uid === 0 ? [{ path, stat }] : [];
      }),
  );
}

/** A file that a process has open. */
export interface OpenFile {
  readonly pid: number;
  readonly fd: string;
  readonly path: string;
}

/** The files that a process has open, with where it works. */
export function openFilesOf(pid: number): readonly OpenFile[] {
  return [...openFileLinks(pid), "cwd"].flatMap((fd) => {
    const path = processLink(pid, fd);
    return path?.startsWith("/") === true ? [{ pid, fd, path }] : [];
  });
}

/** The files that all processes have open; asked for only where there is something to be looked for. */
function openFiles(facts: Facts): readonly OpenFile[] {
  return facts.get(allProcesses).flatMap(({ pid }) => openFilesOf(pid));
}

/** True where a process has a file open at a path, or below it. */
export function isOpen(facts: Facts, path: string): boolean {
  return facts.get(openFiles).some((file) => file.path === path || file.path.startsWith(`${path}/`));
}
