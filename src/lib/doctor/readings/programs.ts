import { listMonitors, type SeenMonitor } from "../../oci/conmon/find";
import { allProcesses, readCommandLine } from "../../system/process";

/** The programs that run. */
export interface Programs {
  /** The words of their command lines, by their pids. */
  readonly commandLines: ReadonlyMap<number, readonly string[]>;
  /** The conmons of all stores of the machine. */
  readonly monitors: readonly SeenMonitor[];
}

/** What all programs were called with, and which are conmons. */
export function readPrograms(): Programs {
  const stats = allProcesses();
  const commandLines = new Map<number, readonly string[]>();
  for (const { pid, isOfKernel } of stats) {
    const words = isOfKernel ? undefined : readCommandLine(pid);
    if (words !== undefined) commandLines.set(pid, words);
  }
  return { commandLines, monitors: listMonitors({ stats, wordsOf: (pid) => commandLines.get(pid) }) };
}
