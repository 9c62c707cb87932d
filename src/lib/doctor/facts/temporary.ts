import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import { ifThere } from "../../errors";
import { namesInDirectory } from "../../system/files";
import { allProcesses } from "../../system/process";
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

/** The files that processes have open, with where these work; asked for only where there is something to be looked for. */
export function openFiles(facts: Facts): readonly OpenFile[] {
  return facts.get(allProcesses).flatMap(({ pid }) => {
    const fds = ifThere(() => readdirSync(`/proc/${pid}/fd`), "ESRCH", "EACCES", "EPERM") ?? [];
    return [...fds.map((fd) => `fd/${fd}`), "cwd"].flatMap((fd) => {
      const path = ifThere(() => readlinkSync(`/proc/${pid}/${fd}`), "ESRCH", "EACCES", "EPERM");
      return path?.startsWith("/") === true ? [{ pid, fd, path }] : [];
    });
  });
}

/** True where a process has a file open at a path, or below it. */
export function isOpen(facts: Facts, path: string): boolean {
  return facts.get(openFiles).some((file) => file.path === path || file.path.startsWith(`${path}/`));
}
