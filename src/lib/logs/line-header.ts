import { newLineView, type LineView } from "./log-line";

/** The line end, by which the log is cut into lines. */
export const newline = 0x0a;

const blank = 0x20;
export const plus = 0x2b;
export const minus = 0x2d;
export const point = 0x2e;
const colon = 0x3a;
const letterF = 0x46;
const letterP = 0x50;
const letterT = 0x54;

/** Bytes that are sure to hold the head of a line: time, stream and tag. */
export const headerSize = 128;

/** The length of the time as conmon writes it: `2026-11-23T10:41:25.716719586+00:00`. */
const conmonTimeLength = 35;
const longestTime = 40;

/**
 * Takes a line of a log apart: `TIME stdout|stderr [P|F] TEXT`. A line of another form is all text.
 * @param view gets what is found
 * @param end offset of the line end
 * @param tagged false for the log of CRI-O 1.0, which wrote no P or F: what looks like one is text
 */
export function readLine(view: LineView, bytes: Buffer, start: number, end: number, tagged: boolean): void {
  const usual = hasConmonTime(bytes, start, end);
  const timeEnd = usual ? start + conmonTimeLength : endOfTime(bytes, start, end);
  const stream = timeEnd === -1 ? undefined : streamAt(bytes, timeEnd + 1, end);
  view.bytes = bytes;
  view.start = start;
  view.textEnd = end;
  view.continued = false;
  view.partial = false;
  if (stream === undefined) {
    view.timeEnd = start;
    view.textStart = start;
    view.stream = "stdout";
    view.wellFormed = false;
    return;
  }
  view.timeEnd = timeEnd;
  view.stream = stream;
  view.wellFormed = true;
  const rest = Math.min(timeEnd + 8, end);
  view.textStart = rest;
  if (!tagged) return;
  const text = endOfTag(bytes, rest, end);
  if (text === rest) return;
  view.textStart = text;
  view.partial = bytes[rest] === letterP;
}

/**
 * True for a line with a time as long as conmon writes it. No line of any other form of the log has these bytes
 * at these places; only few are looked at, because this is done for each line.
 */
function hasConmonTime(bytes: Buffer, start: number, end: number): boolean {
  return (
    start + conmonTimeLength < end &&
    bytes[start + 35] === blank &&
    (bytes[start + 29] === plus || bytes[start + 29] === minus) &&
    bytes[start + 19] === point &&
    bytes[start + 10] === letterT &&
    bytes[start + 7] === minus &&
    bytes[start + 4] === minus
  );
}

/** Offset of the blank behind the time that a line begins with; -1 when it begins with something else. */
function endOfTime(bytes: Buffer, start: number, end: number): number {
  // The shortest there is: 2026-11-23T10:41:25Z.
  if (end - start < 20 || bytes[start + 10] !== letterT || !isDate(bytes, start)) return -1;
  const limit = Math.min(end, start + longestTime);
  for (let at = start + 20; at < limit; at++) if (bytes[at] === blank) return at;
  return -1;
}

function isDate(bytes: Buffer, start: number): boolean {
  return (
    isDigits(bytes, start, start + 4) &&
    isDigits(bytes, start + 5, start + 7) &&
    isDigits(bytes, start + 8, start + 10)
  );
}

function isDigits(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return true;
}

/** The stream that is named at an offset, followed by a blank or the end of the line. */
function streamAt(bytes: Buffer, start: number, end: number): LineView["stream"] | undefined {
  if (start + 6 > end || (start + 6 < end && bytes[start + 6] !== blank)) return undefined;
  // Only the second half differs: stdOUT, stdERR.
  if (bytes[start] !== 0x73 || bytes[start + 1] !== 0x74 || bytes[start + 2] !== 0x64) return undefined;
  if (bytes[start + 3] === 0x6f) {
    return bytes[start + 4] === 0x75 && bytes[start + 5] === 0x74 ? "stdout" : undefined;
  }
  const isError = bytes[start + 3] === 0x65 && bytes[start + 4] === 0x72 && bytes[start + 5] === 0x72;
  return isError ? "stderr" : undefined;
}

/** Offset of the text behind the tag that stands at an offset; the same offset when none stands there. */
function endOfTag(bytes: Buffer, start: number, end: number): number {
  const byte = bytes[start];
  if (start >= end || (byte !== letterF && byte !== letterP)) return start;
  // conmon leaves nothing out, but other writers may trim an empty text together with the blank before it.
  if (start + 1 === end) return end;
  if (bytes[start + 1] === blank) return start + 2;
  if (bytes[start + 1] !== colon) return start;
  // The format allows for further tags, joined to this one with colons.
  const afterTags = bytes.indexOf(blank, start);
  return afterTags === -1 || afterTags >= end ? start : afterTags + 1;
}

/** How much of the beginning of a log tells whether its lines have tags. */
export const tagSampleSize = 64 * 1024;

/**
 * Tells from the beginning of a log whether its lines have the tags P and F, which CRI-O 1.0 did not write.
 * Its conmon wrote all of a log in one way, so that one line without a tag makes those that begin with "F " or
 * "P " by chance lines without a tag too.
 * @returns undefined when there is no line to tell by yet
 */
export function haveTags(bytes: Buffer): boolean | undefined {
  const view = newLineView();
  let tagged: true | undefined;
  let start = 0;
  for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
    readLine(view, bytes, start, end, true);
    if (view.wellFormed) {
      if (hasTag(view)) tagged = true;
      else if (!isTorn(view)) return false;
    }
    start = end + 1;
  }
  return tagged;
}

function hasTag({ timeEnd, textStart, textEnd }: LineView): boolean {
  // "TIME stdout " and "TIME stdout" are the heads of a line without a tag.
  return textStart > Math.min(timeEnd + 8, textEnd);
}

/** True for a line that broke off in its head, so that the next one goes on in it: a full disk makes such. */
function isTorn({ bytes, textStart, textEnd }: LineView): boolean {
  return /^[PF]?\d{4}-\d\d-\d\dT/.test(
    bytes.toString("latin1", textStart, Math.min(textStart + 12, textEnd)),
  );
}
