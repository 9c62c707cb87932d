import { closeSync, openSync, readSync, watch } from "node:fs";
import { errorMessage } from "../errors";
import { parseLogLine, type LogLine } from "./log-line";

const newline = 0x0a;

/**
 * Hands on the lines of a log from its beginning as they are written, until told to finish; then what stands
 * there by then is read out.
 * @param finished resolves when nothing more will be written
 * @throws an error of the operating system when the file cannot be read
 */
export async function followLog(
  path: string,
  finished: Promise<unknown>,
  onLine: (line: LogLine) => void,
): Promise<void> {
  const fd = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(64 * 1024);
    let pending = Buffer.alloc(0);
    let failure: Error | undefined;
    const drain = (): void => {
      for (let size = readSync(fd, chunk); size > 0; size = readSync(fd, chunk)) {
        pending = Buffer.concat([pending, chunk.subarray(0, size)]);
        let start = 0;
        for (let end = pending.indexOf(newline); end !== -1; end = pending.indexOf(newline, start)) {
          onLine(parseLogLine(pending.subarray(start, end)));
          start = end + 1;
        }
        pending = pending.subarray(start);
      }
    };
    const watcher = watch(path, () => {
      try {
        drain();
      } catch (error) {
        failure ??= error instanceof Error ? error : new Error(errorMessage(error));
      }
    });
    try {
      drain();
      await finished;
    } finally {
      watcher.close();
    }
    if (failure !== undefined) throw failure;
    drain();
    if (pending.length > 0) onLine(parseLogLine(pending));
  } finally {
    closeSync(fd);
  }
}
