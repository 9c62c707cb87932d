import { statSync } from "node:fs";
import { KpodError } from "../errors";
import { closeLogFile, openLogFile, type LogFile } from "./log-file";
import { rotatedLogs, type RotatedLog } from "./rotated-logs";

/** The files that a log was renamed to, by their names before they were compressed. */
export type RotatedNames = ReadonlySet<string>;

/** The file that stands in the place of a log which was renamed. */
export interface NextLog {
  readonly file: LogFile;
  /** Those that stood there after the one before, and were renamed as well, the oldest first. */
  readonly missed: readonly RotatedLog[];
  /** All that are older than it. */
  readonly older: RotatedNames;
}

/** The names of the files that are older than a log which is open, also where that was renamed itself. */
export function namesBefore(file: LogFile): RotatedNames {
  const logs = oldestFirst(file.path);
  const own = indexOf(file, logs);
  return namesOf(own < 0 ? logs : logs.slice(0, own));
}

/**
 * Opens the file that stands in the place of a log which was renamed.
 * @param older the names of the files that are older than the log
 * @returns undefined where nothing stands there
 * @throws KpodError NOT_PERMITTED, CORRUPT, IO
 */
export function openNextLog(log: LogFile, older: RotatedNames): NextLog | undefined {
  for (;;) {
    const names = namesOf(oldestFirst(log.path));
    const file = openIfThere(log.path);
    if (file === undefined) return undefined;
    const logs = oldestFirst(log.path);
    const now = namesOf(logs);
    // Else one more was renamed before this one was opened, or this one since.
    if ([...now].every((name) => names.has(name)))
      return { file, missed: between(log, older, logs), older: now };
    closeLogFile(file);
  }
}

/** Those that were renamed after a log. The kubelet may have compressed that by now: then it is the first of the new ones. */
function between(log: LogFile, older: RotatedNames, logs: readonly RotatedLog[]): readonly RotatedLog[] {
  const own = indexOf(log, logs);
  if (own >= 0) return logs.slice(own + 1);
  return logs.filter((each) => !older.has(nameOf(each))).slice(1);
}

function oldestFirst(path: string): RotatedLog[] {
  return rotatedLogs(path).reverse();
}

function namesOf(logs: readonly RotatedLog[]): RotatedNames {
  return new Set(logs.map(nameOf));
}

function nameOf({ path, gzipped }: RotatedLog): string {
  return gzipped ? path.slice(0, -".gz".length) : path;
}

function indexOf({ device, inode }: LogFile, logs: readonly RotatedLog[]): number {
  return logs.findIndex(({ path }) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.dev === device && stat.ino === inode;
  });
}

/** Opens the file at a path, which may have been renamed since it was seen. */
function openIfThere(path: string): LogFile | undefined {
  try {
    return openLogFile(path);
  } catch (error) {
    if (error instanceof KpodError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
