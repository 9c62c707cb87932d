import { BlockReader, storedBlocks } from "./block-reader";
import { beginCutLine, endCutLines } from "./cut-lines";
import { followBlocks } from "./follow";
import { joinLines, type LineJoiner } from "./join-lines";
import { filterLines } from "./line-filter";
import { packedOrWarn, selectChain, type ChainOptions } from "./log-chain";
import { closeLogFile, openLogFile } from "./log-file";
import { copyLine, type LineVisitor, type LogLine, type LogStream } from "./log-line";
import { scanLines, type BlockScanner } from "./scan-lines";
import type { SelectedPart } from "./select-lines";
import { timeReached } from "./time-reached";

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
 * way after each block of them, for what the visitor has gathered to be used.
 * @throws KpodError NOT_FOUND, CORRUPT, NOT_PERMITTED, IO; INTERRUPTED when the signal is aborted; what
 *   `ended` is rejected with
 */
export async function* readLog(
  path: string,
  options: ReadLogOptions,
  visit: LineVisitor,
): AsyncGenerator<LogPace, void> {
  const { ended } = options;
  // Nobody listens to it any more when the reading ends first, or does not begin.
  ended?.catch(() => {});
  const file = openLogFile(path);
  const opened = [file];
  const until = timeReached(ended === undefined ? undefined : options.until);
  try {
    const { older, current, excess } = await selectChain(file, options, opened);
    const joiner = joinLines(skipLines(excess, visit));
    const follows = ended !== undefined && !current.complete;
    const parts = [
      ...older.map((part) =>
        typeof part === "string" ? readPacked(part, options, joiner) : readStored(part, options, joiner),
      ),
      follows
        ? readFollowed(current, { ...options, ended: Promise.race([ended, until.reached]) }, joiner)
        : readStored(current, options, joiner),
    ];
    for (const part of parts) {
      for await (const block of part.blocks) {
        if (block !== undefined) part.scan(block);
        else if (options.unfinished === true) joiner.flush();
        yield block === undefined ? "waiting" : "more";
        if (part.isPast()) break;
      }
      part.end();
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

/** A part of a log as it is read. */
interface PartReading {
  /** Its blocks; undefined for each time that there may be more later. */
  blocks: AsyncIterable<Buffer | undefined>;
  scan: BlockScanner;
  /** True when no more lines of it are wanted. */
  isPast: () => boolean;
  /** Called behind the last block. */
  end: () => void;
}

function readStored(part: SelectedPart, { stream, signal }: ReadLogOptions, joiner: LineJoiner): PartReading {
  const filter = filterLines({ stream, onFirst: cutLinesOf(part, joiner) }, joiner);
  return {
    blocks: storedBlocks(new BlockReader(part.file, part.from, part.to), signal),
    scan: scanLines(tagsOf(part), filter.line),
    isPast: () => false,
    end: () => {
      endCutLines(part, joiner);
    },
  };
}

function readPacked(path: string, options: ReadLogOptions, joiner: LineJoiner): PartReading {
  const filter = filterLines(options, joiner);
  return {
    blocks: packedOrWarn(path, options),
    scan: scanLines(undefined, filter.line),
    isPast: filter.isPast,
    end: () => {},
  };
}

function readFollowed(
  part: SelectedPart,
  options: ReadLogOptions & { ended: Promise<unknown> },
  joiner: LineJoiner,
): PartReading {
  const { stream, until } = options;
  const since = part.onlyEarlier ? options.since : undefined;
  const filter = filterLines({ stream, since, until, onFirst: cutLinesOf(part, joiner) }, joiner);
  return {
    blocks: followBlocks(part.file, part.from, options),
    scan: scanLines(tagsOf(part), filter.line),
    isPast: filter.isPast,
    end: () => {},
  };
}

function cutLinesOf(part: SelectedPart, joiner: LineJoiner): ((stream: LogStream) => void) | undefined {
  if (part.from === part.before.from) return undefined;
  return (stream) => {
    beginCutLine(part, stream, joiner);
  };
}

function tagsOf({ tagsKnown, tagged }: SelectedPart): boolean | undefined {
  return tagsKnown ? tagged : undefined;
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
