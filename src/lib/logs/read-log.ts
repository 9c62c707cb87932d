import { followBlocks } from "./follow";
import { joinBefore, joinBeforeFirst, joinLines } from "./join-lines";
import { filterLines } from "./line-filter";
import { blocksOf, selectChain, tagsOf, type ChainLink, type ChainOptions } from "./log-chain";
import { closeLogFile, openLogFile } from "./log-file";
import { copyLine, type LineVisitor, type LogLine } from "./log-line";
import { scanLines } from "./scan-lines";
import { timeReached } from "./log-time";

/** How a log is read. */
export interface ReadLogOptions extends ChainOptions {
  /** Goes on as the log is written, until this resolves: nothing more is written then. */
  ended?: Promise<unknown> | undefined;
  /** Hands on what stands of a line that has not been ended as soon as there is nothing else to read. */
  unfinished?: boolean | undefined;
}

/** Whether there is more of a log, or all was read and it may go on later. */
export type LogPace = "more" | "waiting";

/**
 * Reads the lines of a log that are wanted, in constant memory. The visitor gets the lines; the generator gives
 * way after each block of them, for what the visitor has gathered to be used. A log that is followed is read until
 * its end, or until the time of `until` has come.
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
  const opened = [file];
  const until = timeReached(ended === undefined ? undefined : options.until);
  try {
    const { older, current, excess, untimed } = await selectChain(file, options, opened);
    const joiner = joinLines(skipLines(excess, visit));
    const filter = filterLines({ ...options, untimed }, joiner);
    const blocksOfLink = (link: ChainLink): AsyncIterable<Buffer | undefined> =>
      link === current && ended !== undefined
        ? followBlocks(file, current.from, { ...options, ended: Promise.race([ended, until.reached]) })
        : blocksOf(link, options);
    for (const link of [...older, current]) {
      let scanned = filter;
      if (typeof link !== "string") {
        const joining = joinBefore(link, joiner, signal);
        while ((await joining.next()).done !== true) yield "more";
        if (link === current && ended !== undefined) {
          scanned = await joinBeforeFirst(link, joiner, filter, signal);
        }
      }
      const scan = scanLines(tagsOf(link), scanned);
      for await (const block of blocksOfLink(link)) {
        if (block !== undefined) scan(block);
        else if (options.unfinished === true) joiner.flush();
        yield block === undefined ? "waiting" : "more";
      }
    }
    joiner.flush();
  } finally {
    until.cancel();
    for (const each of opened) closeLogFile(each);
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

/** Keeps the first lines back, so many of them. */
function skipLines(count: number, visit: LineVisitor): LineVisitor {
  if (count === 0) return visit;
  let left = count;
  const skips = { stdout: false, stderr: false };
  return (line) => {
    if (!line.continued) skips[line.stream] = left-- > 0;
    if (!skips[line.stream]) visit(line);
  };
}
