import { linesBackward, type LogPart } from "./lines-backward";
import type { LogStream } from "./log-line";
import type { Pace } from "./zeros";

/** Bytes of other lines that may stand between two pieces of one line: conmon writes them in one go. */
const longestGap = 256 * 1024;

/** The last lines of a part of a log. */
export interface FoundTail {
  /** Offset of the log line that ends the first of them. */
  offset: number;
  /** How many lines the part is short of those wanted. */
  missing: number;
  /** The streams that have a line from the offset on. */
  streams: LogStream[];
}

/**
 * Finds the last lines of a part of a log, reading it from its end. Lines are those of the container: pieces
 * count together, and a line that has not been ended yet counts too.
 * @param stream counts only its lines
 * @throws KpodError IO, INTERRUPTED
 */
export async function findTail(
  part: LogPart,
  count: number,
  stream: LogStream | undefined,
  pace: Pace,
): Promise<FoundTail> {
  let missing = count;
  if (count === 0) return { offset: part.to, missing, streams: [] };
  let offset = part.from;
  const seen = new Set<LogStream>();
  await linesBackward(
    part,
    (at, { stream: its, wellFormed, partial }) => {
      if (stream !== undefined && its !== stream) return false;
      const isLast = !seen.has(its);
      if (wellFormed) seen.add(its);
      if (partial && !isLast) return false;
      missing--;
      offset = at;
      return missing === 0;
    },
    pace,
  );
  return { offset: missing === 0 ? offset : part.from, missing, streams: [...seen] };
}

/**
 * Finds where the line of a stream began that goes on at the end of a part.
 * @param limit bytes to look back
 * @returns the offset of its first piece, or of one as far back as it is looked for; undefined when no line goes on
 * @throws KpodError IO, INTERRUPTED
 */
export async function findOpenLine(
  part: LogPart,
  stream: LogStream,
  limit: number,
  pace: Pace,
): Promise<number | undefined> {
  if (!part.tagged) return undefined;
  let first: number | undefined;
  const end = part.to;
  await linesBackward(
    part,
    (at, { wellFormed, stream: its, partial }) => {
      const tooFar = at < Math.max((first ?? end) - longestGap, end - limit);
      const isOther = !wellFormed || its !== stream;
      if (tooFar || isOther) return tooFar;
      if (partial) first = at;
      return !partial;
    },
    pace,
  );
  return first;
}
