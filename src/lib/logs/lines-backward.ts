import { headerSize, newline, readLine } from "./line-header";
import { readAt, type LogFile } from "./log-file";
import { newLineView, type LineView } from "./log-line";

const blockSize = 64 * 1024;

/** A part of a log, between the offsets of two lines. */
export interface LogPart {
  file: LogFile;
  from: number;
  to: number;
  /** Whether its lines have tags. */
  tagged: boolean;
}

/**
 * Goes through the lines of a part of a log from the last to the first, reading it in blocks.
 * @param visit gets the offset of a line, and its head: the text may be cut off; true ends the walk
 * @throws KpodError IO
 */
export function linesBackward(
  { file, from, to, tagged }: LogPart,
  visit: (offset: number, head: LineView) => boolean,
): void {
  if (from >= to) return;
  const view = newLineView();
  // Behind each block as much as the head of a line that begins at its end needs.
  const buffer = Buffer.allocUnsafe(blockSize + headerSize);
  // The line end of the last line is none between two lines.
  for (let high = to - 1; high > from;) {
    const low = Math.max(from, high - blockSize);
    const block = readAt(file, buffer.subarray(0, Math.min(high + headerSize, to) - low), low);
    const visitLine = (start: number): boolean => {
      const end = block.indexOf(newline, start);
      readLine(view, block, start, end === -1 ? block.length : end, tagged);
      return visit(low + start, view);
    };
    let at = block.subarray(0, high - low).lastIndexOf(newline);
    while (at !== -1) {
      if (visitLine(at + 1)) return;
      at = at === 0 ? -1 : block.lastIndexOf(newline, at - 1);
    }
    high = low;
  }
  const head = readAt(file, buffer.subarray(0, Math.min(headerSize, to - from)), from);
  const end = head.indexOf(newline);
  readLine(view, head, 0, end === -1 ? head.length : end, tagged);
  visit(from, view);
}
