import { tolerate } from "../errors";
import { closeLogFile, openLogFile, readAt } from "../logs/log-file";

/** Bytes of a log that are read, its last: it has a line for each page and file, and criu ends soon after an error. */
const readBytes = 4 * 1024 * 1024;

/**
 * Why criu failed, as its log tells it: the first error, for those that come after are of what was to be done next.
 * @returns undefined where the log is not there, or tells of none
 */
export function reasonInLog(path: string): string | undefined {
  const text = tolerate("", () => endOf(path));
  // `(00.012345)     42: Error (criu/files.c:1): why`, without the numbers where criu gave up before it began.
  const [, reason] = /^.*?\bError \([^)]*\): (.*)$/m.exec(text) ?? [];
  return reason?.trim().slice(0, 400);
}

function endOf(path: string): string {
  const file = openLogFile(path);
  try {
    const bytes = Buffer.allocUnsafe(Math.min(file.size, readBytes));
    return readAt(file, bytes, file.size - bytes.length).toString("utf8");
  } finally {
    closeLogFile(file);
  }
}
