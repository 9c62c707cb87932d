import type { LineJoiner } from "./join-lines";
import { minus, plus, point } from "./line-header";
import type { LineView, LineVisitor, LogStream } from "./log-line";
import { parseLogTime, type LogTime } from "./log-time";

/** Which lines of a log are wanted. */
export interface LineSelection {
  /** Lines of this time and later ones. Each is judged by its own time, wherever it stands. */
  since?: LogTime | undefined;
  /** Lines of this time and earlier ones. */
  until?: LogTime | undefined;
  /** Only the last of them, so many; undefined for all. */
  tail?: number | undefined;
  /** Only what the container wrote there. */
  stream?: LogStream | undefined;
}

/** A selection by time, and what is made of lines without one. */
export interface LineLimits extends Omit<LineSelection, "tail"> {
  /** Lets lines without a time through where no line with one has come yet. */
  untimed: boolean;
}

/** True where lines are selected by their times. */
export function hasTimes({ since, until }: LineSelection): boolean {
  return since !== undefined || until !== undefined;
}

/**
 * A filter in front of a joiner. A line in pieces is judged by its first one. One without a time goes with the line
 * before it.
 */
export function filterLines(limits: LineLimits, joiner: LineJoiner): LineVisitor {
  const { stream } = limits;
  if (!hasTimes(limits)) {
    return (view) => {
      if (stream === undefined || view.stream === stream) joiner.line(view);
    };
  }
  const isWanted = timeWindow(limits.since, limits.until);
  let wanted = limits.untimed;
  return (view) => {
    if (!view.continued) wanted = isWanted(view) ?? wanted;
    if (stream !== undefined && view.stream !== stream) return;
    // The rest of a line that was let go, too, goes to the joiner, which knows.
    if (wanted || (view.wellFormed && joiner.isOpen(view.stream))) joiner.line(view);
    else if (view.wellFormed && view.partial) joiner.skip(view.stream);
  };
}

/** `2026-11-23T10:41:25.716719586`, and with the zone behind it. */
const clockLength = 29;
const timeLength = 35;

/** The borders of a window as conmon writes times in one zone. */
interface Borders {
  zone: string;
  since: Buffer | undefined;
  until: Buffer | undefined;
}

/**
 * Tells whether the time of a log line is in a window, the borders in it; undefined for a line without a time. Each
 * line is judged by itself, because a clock can be set back.
 */
function timeWindow(
  since: LogTime | undefined,
  until: LogTime | undefined,
): (view: LineView) => boolean | undefined {
  // For the usual form the bytes are compared as they stand; a log has one zone, or two by summer time.
  let borders: Borders | undefined;
  const bordersOf = (view: LineView): Borders => {
    const { bytes, start } = view;
    if (borders !== undefined && hasZone(bytes, start, borders.zone)) return borders;
    const zone = bytes.toString("latin1", start + clockLength, start + timeLength);
    return (borders = { zone, since: clockText(since, zone), until: clockText(until, zone) });
  };
  const compareExactly = (view: LineView): boolean | undefined => {
    const time = parseLogTime(view.bytes.toString("latin1", view.start, view.timeEnd));
    if (time === undefined) return undefined;
    return (since === undefined || time >= since) && (until === undefined || time <= until);
  };
  return (view) => {
    if (!view.wellFormed) return undefined;
    if (!isUsual(view)) return compareExactly(view);
    const low = bordersOf(view);
    if ((since === undefined) !== (low.since === undefined)) return compareExactly(view);
    if ((until === undefined) !== (low.until === undefined)) return compareExactly(view);
    return (
      (low.since === undefined || compareClock(view, low.since) >= 0) &&
      (low.until === undefined || compareClock(view, low.until) <= 0)
    );
  };
}

function isUsual({ bytes, start, timeEnd }: LineView): boolean {
  if (timeEnd - start !== timeLength || bytes[start + 19] !== point) return false;
  const sign = bytes[start + clockLength];
  return sign === plus || sign === minus;
}

function hasZone(bytes: Buffer, start: number, zone: string): boolean {
  for (let at = 0; at < zone.length; at++) {
    if (bytes[start + clockLength + at] !== zone.charCodeAt(at)) return false;
  }
  return true;
}

function compareClock({ bytes, start }: LineView, clock: Buffer): number {
  for (let at = 0; at < clockLength; at++) {
    const difference = (bytes[start + at] ?? 0) - (clock[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A time as it is written in a zone; undefined for one that this form cannot say. */
function clockText(time: LogTime | undefined, zone: string): Buffer | undefined {
  const base = parseLogTime(`1970-01-01T00:00:00${zone}`);
  if (time === undefined || base === undefined) return undefined;
  const local = time - base;
  const seconds = floorDivide(local, 1_000_000_000n);
  const date = new Date(Number(seconds) * 1000);
  const year = date.getUTCFullYear();
  if (Number.isNaN(year) || year < 0 || year > 9999) return undefined;
  const fraction = String(local - seconds * 1_000_000_000n).padStart(9, "0");
  return Buffer.from(`${date.toISOString().slice(0, 19)}.${fraction}`);
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return quotient * by > value ? quotient - 1n : quotient;
}
