import { headerSize, newline, readLine } from "./line-header";
import { readAt, type LogFile } from "./log-file";
import { newLineView } from "./log-line";
import { parseLogTime, type LogTime } from "./log-time";

// A line of conmon has at most 8 KiB and a head, so that one read nearly always finds the begin of one.
const probeSize = 16 * 1024;

/** Where the lines of a time begin. */
export interface FoundTime {
  /** Offset of the first line that is not earlier; undefined when there is none. */
  offset: number | undefined;
  /** True when a line of an earlier time is there. */
  earlier: boolean;
}

/**
 * Finds the first line of a part of a log that is not earlier than a time, by halving the part again and again.
 * Lines without a time belong to the one before them.
 * @param from offset of a line
 * @param to offset behind the last line
 * @throws KpodError IO
 */
export function findTime(file: LogFile, from: number, to: number, time: LogTime): FoundTime {
  const probe = createProbe(file, from);
  let [low, high] = [from, to];
  const found: FoundTime = { offset: undefined, earlier: false };
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const line = probe(middle, high);
    if (line === undefined) {
      high = middle;
    } else if (line.time < time) {
      found.earlier = true;
      low = line.offset + 1;
    } else {
      found.offset = line.offset;
      high = middle;
    }
  }
  return found;
}

type Probe = (position: number, limit: number) => { offset: number; time: LogTime } | undefined;

/** Finds the first line with a time that begins at a position or behind it, and before a limit. */
function createProbe(file: LogFile, from: number): Probe {
  const view = newLineView();
  const buffer = Buffer.allocUnsafe(probeSize + headerSize);
  return (position, limit) => {
    let atLineStart = position === from;
    // Elsewhere the byte before tells whether a line begins at the position itself.
    for (let at = atLineStart ? position : position - 1; at < limit; at += probeSize) {
      const block = readAt(file, buffer, at);
      // The line behind a line end that is the last byte of the probe belongs to this probe too.
      const last = Math.min(probeSize + 1, limit - at);
      let start = atLineStart ? 0 : block.indexOf(newline) + 1;
      if (start === 0 && !atLineStart) continue;
      atLineStart = false;
      while (start < last) {
        const end = block.indexOf(newline, start);
        readLine(view, block, start, end === -1 ? block.length : end, true);
        const time = view.wellFormed
          ? parseLogTime(block.toString("latin1", start, view.timeEnd))
          : undefined;
        if (time !== undefined) return { offset: at + start, time };
        if (end === -1) break;
        start = end + 1;
      }
    }
    return undefined;
  };
}
