import { closeSync, constants, openSync, readlinkSync } from "node:fs";
import { errnoOf, fileError, isNotFound, KpodError } from "../errors";
import { O_PATH } from "../system/files";
import { readProcessStat } from "../system/process";
import type { FirstProcess } from "./first-process";

/** The file system of a container as its process sees it. */
export interface ProcessRoot {
  /** Refers to its root directory (O_PATH). */
  readonly fd: number;
  readonly close: () => void;
}

/**
 * Opens the root of a container's process. It stays what it is when the process ends meanwhile.
 * @returns undefined where the process has ended
 * @throws KpodError BAD_STATE where it has no file system of its own; NOT_PERMITTED, IO
 */
export function openProcessRoot(
  { pid, startTime }: FirstProcess,
  container: string,
): ProcessRoot | undefined {
  const before = readProcessStat(pid);
  if (before === undefined || (startTime !== undefined && before.startTime !== startTime)) return undefined;
  const opened: number[] = [];
  const close = (): void => {
    for (const fd of opened.splice(0)) closeSync(fd);
  };
  try {
    // The namespace keeps its mounts together when the container ends meanwhile.
    opened.push(openSync(`/proc/${pid}/ns/mnt`, constants.O_RDONLY));
    const fd = openSync(`/proc/${pid}/root`, O_PATH | constants.O_DIRECTORY);
    opened.push(fd);
    const isOurs = readlinkSync(`/proc/${pid}/ns/mnt`) === readlinkSync("/proc/self/ns/mnt");
    // Looked at last: what was opened is the container's only if its process is still the same.
    if (readProcessStat(pid)?.startTime !== before.startTime) {
      close();
      return undefined;
    }
    if (isOurs) {
      throw new KpodError(
        "BAD_STATE",
        `process ${pid} of container ${container} has no file system of its own`,
      );
    }
    return { fd, close };
  } catch (error) {
    close();
    if (isNotFound(error) || errnoOf(error) === "ESRCH") return undefined;
    throw fileError(`cannot open the file system of container ${container}`, error);
  }
}
