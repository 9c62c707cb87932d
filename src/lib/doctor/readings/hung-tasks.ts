import { readKernelLog, type KernelLine } from "../../system/kernel-log";

/** The threads and processes that the kernel's log says to hang, each once. By default it tells after two minutes, of the first ten. */
export function readHungTaskIds(): readonly number[] {
  return hungTaskIdsIn(readKernelLog());
}

/** The same of lines of that log. */
export function hungTaskIdsIn(log: readonly KernelLine[]): readonly number[] {
  const pids = log.flatMap(({ text }) => {
    const [, pid] = /^INFO: task .*:(\d+) blocked .*for more than \d+ seconds/.exec(text) ?? [];
    return pid === undefined ? [] : [Number(pid)];
  });
  return [...new Set(pids)];
}
