import { headerSize, newline, readLine } from "./line-header";
import { readAt, type LogFile } from "./log-file";
import { newLineView, type LineView } from "./log-line";
import { beginOfHole, endOfZeros, isBlank, skipZeros, type Pace } from "./zeros";

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
 * Goes through the lines of a part of a log from the last to the first, reading it in blocks. Behind a hole a line
 * begins; zeros before a line do not belong to it.
 * @param visit gets the offset of a line, and its head: the text may be cut off; true ends the walk
 * @throws KpodError IO, INTERRUPTED
 */
export async function linesBackward(
  { file, from, to, tagged }: LogPart,
  visit: (offset: number, head: LineView) => boolean,
  pace: Pace,
): Promise<void> {
  if (from >= to) return;
  const view = newLineView();
  // Behind each block as much as the head of a line that begins at its end needs.
  const buffer = Buffer.allocUnsafe(blockSize + headerSize);
  const visitAt = (block: Buffer, start: number, offset: number): boolean => {
    const end = block.indexOf(newline, start);
    readLine(view, block, start, end === -1 ? block.length : end, tagged);
    return visit(offset, view);
  };
  const visitBehindZeros = async (offset: number): Promise<boolean> => {
    const begin = await skipZeros(file, offset, to, pace);
    if (begin >= to) return false;
    return visitAt(readAt(file, Buffer.allocUnsafe(Math.min(headerSize, to - begin)), begin), 0, begin);
  };
  // True where the line behind the zeros that end here was visited.
  let behindHole = false;
  // The line end of the last line is none between two lines.
  for (let high = to - 1; high > from;) {
    await pace();
    const low = Math.max(from, high - blockSize);
    const block = readAt(file, buffer.subarray(0, Math.min(high + headerSize, to) - low), low);
    const length = Math.min(block.length, high - low);
    if (length === blockSize && isBlank(block.subarray(0, length))) {
      if (!behindHole && (await visitBehindZeros(high))) return;
      behindHole = true;
      high = beginOfHole(file, from, low);
      continue;
    }
    let at = block.subarray(0, length).lastIndexOf(newline);
    while (at !== -1) {
      const start = at + 1;
      if (block[start] !== 0) {
        if (visitAt(block, start, low + start)) return;
      } else if (!(behindHole && endOfZeros(block, start) >= length)) {
        if (await visitBehindZeros(low + start)) return;
      }
      behindHole = false;
      at = at === 0 ? -1 : block.lastIndexOf(newline, at - 1);
    }
    // A line that goes on into the hole is one of its own.
    behindHole &&= endOfZeros(block, 0) >= length;
    high = low;
  }
  if (!behindHole) await visitBehindZeros(from);
}
