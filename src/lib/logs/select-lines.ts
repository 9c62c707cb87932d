import { haveTags, tagSampleSize } from "./line-header";
import { linesBackward, type LogPart } from "./lines-backward";
import { readAt, type LogFile } from "./log-file";
import type { LogStream } from "./log-line";
import { skipZeros, type Pace } from "./zeros";

/** Where the lines that are wanted stand. */
export interface SelectedPart extends LogPart {
  /** False when no line is there to tell by yet; the part's `tagged` is then a guess. */
  tagsKnown: boolean;
  /** How many lines the part is short of `tail`; undefined when all are wanted. */
  missing: number | undefined;
  /** The part before this one: a line that goes on here may have begun there. */
  before: LogPart;
  /** The streams that have a line here. */
  streams: readonly LogStream[];
}

/**
 * Finds the last lines of a log without reading the others.
 * @param tail so many lines; undefined for all
 * @param stream only of it
 * @throws KpodError IO, INTERRUPTED
 */
export async function selectLines(
  file: LogFile,
  tail: number | undefined,
  stream: LogStream | undefined,
  pace: Pace,
): Promise<SelectedPart> {
  const begin = await skipZeros(file, 0, file.size, pace);
  const tags = haveTags(readAt(file, Buffer.allocUnsafe(Math.min(tagSampleSize, file.size - begin)), begin));
  const all = { file, from: begin, to: file.size, tagged: tags ?? true };
  const last = tail === undefined ? undefined : await findTail(all, tail, stream, pace);
  const from = last?.offset ?? begin;
  return {
    ...all,
    from,
    tagsKnown: tags !== undefined,
    missing: last?.missing,
    before: { ...all, to: from },
    streams: last?.streams ?? [],
  };
}

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
async function findTail(
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
