import type { LineJoiner } from "./join-lines";
import type { LineView, LineVisitor, LogStream } from "./log-line";
import { parseLogTime, type LogTime } from "./log-time";

/** Which lines a filter lets through. */
export interface LineLimits {
  stream?: LogStream | undefined;
  /** No line before the first that is not earlier than this. */
  since?: LogTime | undefined;
  /** No line from the first on that is later than this, but for the ends of lines that have begun. */
  until?: LogTime | undefined;
  /** Called before the first line of a stream. */
  onFirst?: ((stream: LogStream) => void) | undefined;
}

/** Lets through the log lines that are wanted. */
export interface LineFilter {
  readonly line: LineVisitor;
  /** True when a line was left out because it is too early. */
  readonly wasEarly: () => boolean;
  /** True when a line was left out because it is too late. */
  readonly isPast: () => boolean;
}

/** A filter in front of a joiner. */
export function filterLines({ stream, since, until, onFirst }: LineLimits, joiner: LineJoiner): LineFilter {
  // Once one line is late enough, all after it are.
  let waitsFor = since;
  let early = false;
  let past = false;
  const met = { stdout: onFirst === undefined, stderr: onFirst === undefined };
  const line = (view: LineView): void => {
    if (stream !== undefined && view.stream !== stream) return;
    if (!met[view.stream] && view.wellFormed) {
      met[view.stream] = true;
      onFirst?.(view.stream);
    }
    if (waitsFor !== undefined) {
      if (isBefore(view, waitsFor)) {
        early ||= view.wellFormed;
        drop(view, joiner);
        return;
      }
      waitsFor = undefined;
    }
    if (until !== undefined) {
      past ||= view.wellFormed && !isBefore(view, until + 1n);
      if (past && !joiner.isOpen(view.stream)) return;
    }
    joiner.line(view);
  };
  return { line, wasEarly: () => early, isPast: () => past };
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
