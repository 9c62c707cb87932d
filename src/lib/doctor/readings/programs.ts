import { listMonitors, type SeenMonitor } from "../../oci/conmon/find";
import { allProcesses, readCommandLine } from "../../system/process";
import { readOpenFiles, type OpenFiles } from "./open-files";

/** The programs that run. */
export interface Programs {
  /** The words of their command lines, by their pids. */
  readonly commandLines: ReadonlyMap<number, readonly string[]>;
  /** The conmons of all stores of the machine. */
  readonly monitors: readonly SeenMonitor[];
  /** What each of them has open; of none where it was not asked for. */
  readonly openFiles: ReadonlyMap<number, OpenFiles>;
}

/**
 * What all programs were called with, and which are conmons.
 * @param withFiles also what each has open
 */
export function readPrograms(withFiles: boolean): Programs {
  const stats = allProcesses().filter(({ isOfKernel }) => !isOfKernel);
  const commandLines = new Map<number, readonly string[]>();
  for (const { pid } of stats) {
    const words = readCommandLine(pid);
    if (words !== undefined) commandLines.set(pid, words);
  }
  return {
    commandLines,
    monitors: listMonitors({ stats, wordsOf: (pid) => commandLines.get(pid) }),
    openFiles: withFiles ? readOpenFiles(stats) : new Map<number, OpenFiles>(),
  };
}
