import { errorMessage, KpodError } from "../errors";
import { filterLines } from "./line-filter";
import { joinLines } from "./join-lines";
import { openLogFile, type LogFile } from "./log-file";
import { packedBlocks } from "./packed-log";
import { rotatedLogs } from "./rotated-logs";
import { scanLines } from "./scan-lines";
import { selectLines, type LineSelection, type SelectedPart } from "./select-lines";

/** Where the lines that are wanted stand, over all files of a log. */
export interface LogChain {
  /** The rotated files from the oldest to the newest: a part of each, or the path of a compressed one. */
  older: (SelectedPart | string)[];
  current: SelectedPart;
  /** How many lines come before those wanted: nothing can be skipped in a compressed file but by reading it. */
  excess: number;
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
 * Finds the lines that are wanted in a log and in the files it was renamed to, looking at as few as are needed.
 * @param opened gets each rotated file that was opened, for the caller to close
 * @throws KpodError NOT_PERMITTED, IO, INTERRUPTED
 */
export async function selectChain(
  file: LogFile,
  options: ChainOptions,
  opened: LogFile[],
): Promise<LogChain> {
  const current = selectLines(file, options);
  const chain: LogChain = { older: [], current, excess: 0 };
  let { missing, earlier } = current;
  if (options.rotated !== true || !needsOlder(missing, earlier)) return chain;
  for (const { path, packed } of rotatedLogs(file.path)) {
    const selection = { ...options, tail: missing };
    if (packed) {
      const counted = await countPacked(path, selection);
      chain.older.unshift(path);
      earlier = counted.earlier;
      chain.excess = missing === undefined ? 0 : Math.max(0, counted.lines - missing);
      missing = missing === undefined ? undefined : Math.max(0, missing - counted.lines);
    } else {
      const older = openRotated(path, options.warn);
      if (older === undefined) continue;
      opened.push(older);
      // The log itself was renamed while it was looked for older ones.
      if (older.inode === file.inode && older.device === file.device) continue;
      const part = selectLines(older, selection);
      chain.older.unshift(part);
      ({ missing, earlier } = part);
    }
    if (!needsOlder(missing, earlier)) break;
  }
  return chain;
}

function needsOlder(missing: number | undefined, earlier: boolean): boolean {
  return missing !== 0 && !earlier;
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

/** Counts the wanted lines of a compressed file. */
async function countPacked(
  path: string,
  { since, until, stream, tail, signal }: ChainOptions,
): Promise<{ lines: number; earlier: boolean }> {
  // Then all of it is read, and what is not wanted is left out on the way.
  if (tail === undefined && since === undefined) return { lines: 0, earlier: false };
  let lines = 0;
  const joiner = joinLines(({ continued }) => {
    if (!continued) lines++;
  });
  const filter = filterLines({ since, until, stream }, joiner);
  const scan = scanLines(undefined, filter.line);
  // What is wrong with it is told when it is read.
  for await (const block of packedOrWarn(path, { signal })) scan(block);
  joiner.flush();
  return { lines, earlier: filter.wasEarly() };
}

/** The blocks of a compressed file. One that cannot be read must not keep the others from being shown. */
export async function* packedOrWarn(
  path: string,
  { warn, signal }: Pick<ChainOptions, "warn" | "signal">,
): AsyncGenerator<Buffer, void> {
  try {
    yield* packedBlocks(path, signal);
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    warn?.(errorMessage(error));
  }
}
