import { existsSync } from "node:fs";
import { errorMessage, KpodError } from "../errors";
import { BlockReader, storedBlocks } from "./block-reader";
import { joinLines } from "./join-lines";
import { filterLines, hasTimes, type LineSelection } from "./line-filter";
import { closeLogFile, openLogFile, type LogFile } from "./log-file";
import { parseLogTime } from "./log-time";
import { gzipBlocks, rotatedLogs, type RotatedLog } from "./rotated-logs";
import { scanLines } from "./scan-lines";
import { selectLines, type SelectedPart } from "./select-lines";
import { paceOf, type Pace } from "./zeros";

/** A file of a log: a part of it, or the path of a compressed one. */
export type ChainLink = SelectedPart | string;

/** Where the lines that are wanted stand, over all files of a log. */
export interface LogChain {
  /** The rotated files from the oldest to the newest. */
  older: ChainLink[];
  current: SelectedPart;
  /** How many lines come before those wanted: nothing can be skipped in a compressed file but by reading it. */
  excess: number;
  /** True when lines without a time are wanted where none with one has come yet. */
  untimed: boolean;
}

/** How rotated files are looked for. */
export interface ChainOptions extends LineSelection {
  /** Looks for the files that the log was renamed to before. */
  rotated?: boolean | undefined;
  /** Gets what is wrong with one of them; the others are read nevertheless. */
  warn?: ((message: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Finds the lines that are wanted in a log and in the files it was renamed to. The last lines are found from the end,
 * looking at as few files as are needed. Where times are asked for, all of it is to be read: a clock that was set back
 * leaves lines of any time anywhere.
 * @param opened gets each rotated file that was opened, for the caller to close
 * @throws KpodError NOT_PERMITTED, IO, INTERRUPTED
 */
export async function selectChain(
  file: LogFile,
  options: ChainOptions,
  opened: LogFile[],
): Promise<LogChain> {
  const pace = paceOf(options.signal);
  const tail = hasTimes(options) ? undefined : options.tail;
  const current = await selectLines(file, tail, options.stream, pace);
  const chain: LogChain = { older: [], current, excess: 0, untimed: true };
  if (options.rotated === true) await addOlder(chain, options, opened, pace);
  if (options.since !== undefined)
    chain.untimed = !(await hasTime(chain.older[0] ?? current, options.signal));
  if (tail === options.tail) return chain;
  const lines = await countLines(chain, options);
  return { ...chain, excess: Math.max(0, lines - (options.tail ?? 0)) };
}

async function addOlder(
  chain: LogChain,
  options: ChainOptions,
  opened: LogFile[],
  pace: Pace,
): Promise<void> {
  const { file } = chain.current;
  let { missing } = chain.current;
  if (missing === 0) return;
  for (const { path, gzipped } of rotatedLogs(file.path)) {
    if (gzipped) {
      chain.older.unshift(path);
      if (missing === undefined) continue;
      const lines = await countGzipped(path, options);
      chain.excess = Math.max(0, lines - missing);
      missing = Math.max(0, missing - lines);
    } else {
      const older = openRotated(path, options.warn);
      if (older === undefined) continue;
      opened.push(older);
      // The log itself was renamed while it was looked for older ones.
      if (older.inode === file.inode && older.device === file.device) continue;
      const part = await selectLines(older, missing, options.stream, pace);
      chain.older.unshift(part);
      ({ missing } = part);
    }
    if (missing === 0) break;
  }
}

function openRotated(path: string, warn: ChainOptions["warn"]): LogFile | undefined {
  try {
    return openLogFile(path);
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    // Compressed or removed since it was seen.
    if (error.code !== "NOT_FOUND") warn?.(error.message);
    return undefined;
  }
}

/** Counts the lines of a compressed file. */
async function countGzipped(path: string, { stream, signal }: ChainOptions): Promise<number> {
  let lines = 0;
  const joiner = joinLines(({ continued }) => {
    if (!continued) lines++;
  });
  const scan = scanLines(undefined, filterLines({ stream, untimed: true }, joiner));
  // What is wrong with it is told when it is read.
  for await (const block of gzipBlocksOrWarn(path, { signal })) scan(block);
  joiner.flush();
  return lines;
}

/** Counts the wanted lines of a chain as they will be read. */
async function countLines({ older, current, untimed }: LogChain, options: ChainOptions): Promise<number> {
  let lines = 0;
  const joiner = joinLines(({ continued }) => {
    if (!continued) lines++;
  });
  const filter = filterLines({ ...options, untimed }, joiner);
  for (const link of [...older, current]) {
    const scan = scanLines(tagsOf(link), filter);
    for await (const block of blocksOf(link, { signal: options.signal })) scan(block);
  }
  joiner.flush();
  return lines;
}

/** True when a line of a file has a time. */
async function hasTime(link: ChainLink, signal: AbortSignal | undefined): Promise<boolean> {
  const found = { time: false };
  const scan = scanLines(tagsOf(link), ({ bytes, start, timeEnd, wellFormed }) => {
    found.time ||= wellFormed && parseLogTime(bytes.toString("latin1", start, timeEnd)) !== undefined;
  });
  for await (const block of blocksOf(link, { signal })) {
    scan(block);
    if (found.time) return true;
  }
  return false;
}

/** Whether the lines of a file have tags; undefined to tell it from its blocks. */
export function tagsOf(link: ChainLink): boolean | undefined {
  return typeof link === "string" || !link.tagsKnown ? undefined : link.tagged;
}

/**
 * The blocks of a file that is not written to any more. A compressed one that cannot be read must not keep the others
 * from being shown.
 * @throws KpodError INTERRUPTED, IO
 */
export function blocksOf(
  link: ChainLink,
  options: Pick<ChainOptions, "warn" | "signal">,
): AsyncGenerator<Buffer, void> {
  if (typeof link === "string") return gzipBlocksOrWarn(link, options);
  return storedBlocks(new BlockReader(link.file, link.from, link.to), options.signal);
}

/**
 * The blocks of a file that a log was renamed to while it was read.
 * @throws KpodError INTERRUPTED, IO
 */
export async function* blocksOfRotated(
  { path, gzipped }: RotatedLog,
  options: Pick<ChainOptions, "warn" | "signal">,
): AsyncGenerator<Buffer, void> {
  const file = gzipped ? undefined : openRotated(path, options.warn);
  if (file === undefined) {
    // Compressed meanwhile, or removed.
    const compressed = gzipped ? path : `${path}.gz`;
    if (existsSync(compressed)) yield* gzipBlocksOrWarn(compressed, options);
    return;
  }
  try {
    yield* storedBlocks(new BlockReader(file, 0), options.signal);
  } finally {
    closeLogFile(file);
  }
}

async function* gzipBlocksOrWarn(
  path: string,
  { warn, signal }: Pick<ChainOptions, "warn" | "signal">,
): AsyncGenerator<Buffer, void> {
  try {
    yield* gzipBlocks(path, signal);
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    warn?.(errorMessage(error));
  }
}
