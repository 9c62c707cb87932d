import { BlockReader, storedBlocks } from "./block-reader";
import { followBlocks } from "./follow";
import { joinLines } from "./join-lines";
import { filterLines, finishOpenLines } from "./line-filter";
import { closeLogFile, openLogFile } from "./log-file";
import { copyLine, type LineVisitor, type LogLine } from "./log-line";
import { scanLines } from "./scan-lines";
import { selectLines, type LineSelection } from "./select-lines";
import { timeReached } from "./time-reached";

/** How a log is read. */
export interface ReadLogOptions extends LineSelection {
  /** Goes on as the log is written, until this resolves: nothing more is written then. */
  ended?: Promise<unknown> | undefined;
  /** Hands on what stands of a line that has not been ended as soon as there is nothing else to read. */
  unfinished?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** Whether there is more of a log, or all was read and it may go on later. */
export type LogPace = "more" | "waiting";

/**
 * Reads the lines of a log that are wanted, in constant memory. The visitor gets the lines; the generator gives
 * way after each block of them, for what the visitor has gathered to be used.
 * @throws KpodError NOT_FOUND, CORRUPT, NOT_PERMITTED, IO; INTERRUPTED when the signal is aborted; what
 *   `ended` is rejected with
 */
export async function* readLog(
  path: string,
  options: ReadLogOptions,
  visit: LineVisitor,
): AsyncGenerator<LogPace, void> {
  const { ended, signal } = options;
  // Nobody listens to it any more when the reading ends first, or does not begin.
  ended?.catch(() => {});
  const file = openLogFile(path);
  const until = timeReached(ended === undefined ? undefined : options.until);
  try {
    const part = selectLines(file, options);
    const joiner = joinLines(visit);
    const follows = ended !== undefined && !part.complete;
    const filter = filterLines(part, options, joiner, follows);
    const scan = scanLines(part.tagsKnown ? part.tagged : undefined, filter.line);
    const blocks = follows
      ? followBlocks(file, part.from, { ended: Promise.race([ended, until.reached]), signal })
      : storedBlocks(new BlockReader(file, part.from, part.to), signal);
    for await (const block of blocks) {
      if (block !== undefined) scan(block);
      else if (options.unfinished === true) joiner.flush();
      yield block === undefined ? "waiting" : "more";
      if (filter.isPast()) break;
    }
    if (!follows) finishOpenLines(part, joiner);
    joiner.flush();
  } finally {
    until.cancel();
    closeLogFile(file);
  }
}

/**
 * The same for readers of single lines.
 * @param onLine gets each line as a value of its own
 */
export async function forEachLogLine(
  path: string,
  options: ReadLogOptions,
  onLine: (line: LogLine) => void,
): Promise<void> {
  const reading = readLog(path, options, (view) => {
    onLine(copyLine(view));
  });
  while ((await reading.next()).done !== true);
}
