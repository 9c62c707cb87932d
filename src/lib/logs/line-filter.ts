import { BlockReader } from "./block-reader";
import { findOpenLine } from "./find-tail";
import type { LineJoiner } from "./join-lines";
import type { LineView, LineVisitor, LogStream } from "./log-line";
import { parseLogTime, type LogTime } from "./log-time";
import { scanLines } from "./scan-lines";
import type { LineSelection, SelectedPart } from "./select-lines";

/** Lets through the log lines that are wanted. */
export interface LineFilter {
  readonly line: LineVisitor;
  /** True when lines later than those wanted have come. */
  readonly isPast: () => boolean;
}

/**
 * A filter for the lines from the begin of a selected part on, also those that are written later.
 * @param follows whether lines come that were not there when the part was selected
 */
export function filterLines(
  part: SelectedPart,
  { since, until, stream }: LineSelection,
  joiner: LineJoiner,
  follows: boolean,
): LineFilter {
  const limit = follows ? until : undefined;
  // Once one line is late enough, all after it are.
  let waitsFor = follows && part.early ? since : undefined;
  let past = false;
  const met = { stdout: part.from === 0, stderr: part.from === 0 };
  const line = (view: LineView): void => {
    if (stream !== undefined && view.stream !== stream) return;
    if (!met[view.stream] && view.wellFormed) {
      met[view.stream] = true;
      takeBegin(part, view.stream, joiner);
    }
    if (waitsFor !== undefined) {
      if (isBefore(view, waitsFor)) {
        drop(view, joiner);
        return;
      }
      waitsFor = undefined;
    }
    if (limit !== undefined) {
      past ||= view.wellFormed && !isBefore(view, limit + 1n);
      if (past && !joiner.isOpen(view.stream)) return;
    }
    joiner.line(view);
  };
  return { line, isPast: () => past };
}

/** A line of a stream goes on where the part begins: takes what stands before, or lets the line go. */
function takeBegin({ before, joinsBefore }: SelectedPart, stream: LogStream, joiner: LineJoiner): void {
  const begin = findOpenLine(before, stream);
  if (begin === undefined) return;
  if (!joinsBefore) {
    joiner.skip(stream);
    return;
  }
  const scan = scanLines(before.tagged, (view) => {
    if (view.wellFormed && view.stream === stream) joiner.line(view);
  });
  const reader = new BlockReader(before.file, begin, before.to);
  for (let block = reader.next(); block !== undefined; block = reader.next()) scan(block);
}

/** True for a line that is earlier than a time; one without a time goes with the line before it. */
function isBefore(view: LineView, time: LogTime): boolean {
  if (!view.wellFormed) return true;
  const its = parseLogTime(view.bytes.toString("latin1", view.start, view.timeEnd));
  return its === undefined || its < time;
}

/** Lets a line go, together with its pieces that come later. */
function drop(view: LineView, joiner: LineJoiner): void {
  if (!view.wellFormed) return;
  if (view.partial) joiner.skip(view.stream);
  else if (joiner.isOpen(view.stream)) joiner.line(view);
}

/** Bytes in which the end of a line is looked for that began in a part. */
const longestEnd = 1024 * 1024;

/** Reads behind a part the ends of the lines that have begun in it. */
export function finishOpenLines({ file, to, tagged }: SelectedPart, joiner: LineJoiner): void {
  const anyOpen = (): boolean => joiner.isOpen("stdout") || joiner.isOpen("stderr");
  if (!anyOpen()) return;
  const scan = scanLines(tagged, (view) => {
    if (view.wellFormed && joiner.isOpen(view.stream)) joiner.line(view);
  });
  const reader = new BlockReader(file, to, Math.min(to + longestEnd, file.size));
  for (let block = reader.next(); block !== undefined && anyOpen(); block = reader.next()) scan(block);
}
