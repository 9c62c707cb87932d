import { linesBackward, type LogPart } from "./lines-backward";
import type { LogStream } from "./log-line";

/** Bytes of other lines that may stand between two pieces of one line: conmon writes them in one go. */
const longestGap = 256 * 1024;

/**
 * Finds the last lines of a part of a log, reading it from its end. Lines are those of the container: pieces
 * count together, and a line that has not been ended yet counts too.
 * @param stream counts only its lines
 * @returns the offset of the log line that ends the first of them, and how many lines the part is short of
 * @throws KpodError IO
 */
export function findTail(
  part: LogPart,
  count: number,
  stream?: LogStream,
): { offset: number; missing: number } {
  let missing = count;
  if (count === 0) return { offset: part.to, missing };
  let offset = part.from;
  const seen = { stdout: false, stderr: false };
  linesBackward(part, (at, { stream: its, wellFormed, partial }) => {
    if (stream !== undefined && its !== stream) return false;
    const isLast = !seen[its];
    if (wellFormed) seen[its] = true;
    if (partial && !isLast) return false;
    missing--;
    offset = at;
    return missing === 0;
  });
  return { offset: missing === 0 ? offset : part.from, missing };
}

/**
 * Finds where the line of a stream began that goes on at the end of a part.
 * @returns the offset of its first piece; undefined when no line goes on there
 * @throws KpodError IO
 */
export function findOpenLine(part: LogPart, stream: LogStream): number | undefined {
  if (!part.tagged) return undefined;
  let first: number | undefined;
  for (let to = part.to; ;) {
    let piece: number | undefined;
    const from = Math.max(part.from, to - longestGap);
    linesBackward({ ...part, from, to }, (at, { wellFormed, stream: its, partial }) => {
      if (!wellFormed || its !== stream) return false;
      if (partial) piece = at;
      return true;
    });
    if (piece === undefined) return first;
    first = to = piece;
  }
}
