import { findTail } from "./find-tail";
import { findTime } from "./find-time";
import type { LogPart } from "./lines-backward";
import { readAt, type LogFile } from "./log-file";
import type { LogStream } from "./log-line";
import { haveTags, tagSampleSize } from "./log-tags";
import type { LogTime } from "./log-time";
import { endOfHole } from "./scan-lines";

/** Which lines of a log are wanted. */
export interface LineSelection {
  /** Lines from this time on. */
  since?: LogTime | undefined;
  /** Lines up to this time, and of it. */
  until?: LogTime | undefined;
  /** Only the last lines, so many; undefined for all. */
  tail?: number | undefined;
  /** Only what the container wrote there. */
  stream?: LogStream | undefined;
}

/** Where the lines that are wanted stand. */
export interface SelectedPart extends LogPart {
  /** False when no line is there to tell by yet; the part's `tagged` is then a guess. */
  tagsKnown: boolean;
  /** True when lines later than those wanted follow: there is no use in waiting for more. */
  complete: boolean;
  /** True when lines earlier than `since` stand there, so that there is no use in looking at older files. */
  earlier: boolean;
  /** True when nothing but earlier lines stands there. */
  onlyEarlier: boolean;
  /** How many lines the part is short of `tail`; undefined when all are wanted. */
  missing: number | undefined;
  /** The part before this one: a line that goes on here may have begun there. */
  before: LogPart;
  /** Whether such a line belongs to those wanted (`tail` counts it) or not (it began before `since`). */
  joinsBefore: boolean;
}

/**
 * Finds the lines that are wanted without reading the others.
 * @throws KpodError IO
 */
export function selectLines(file: LogFile, { since, until, tail, stream }: LineSelection): SelectedPart {
  const begin = firstLine(file);
  const tags = haveTags(readAt(file, Buffer.allocUnsafe(Math.min(tagSampleSize, file.size - begin)), begin));
  const tagged = tags ?? true;
  const first = since === undefined ? undefined : findTime(file, begin, file.size, since);
  // Where no line has a time, none can be left out for it.
  const from = first === undefined ? begin : (first.offset ?? (first.earlier ? file.size : begin));
  const later = until === undefined ? undefined : findTime(file, from, file.size, until + 1n);
  const part = { file, from, to: later?.offset ?? file.size, tagged };
  const last = tail === undefined ? undefined : findTail(part, tail, stream);
  const cut = last?.offset ?? from;
  const earlier = first?.earlier === true;
  return {
    ...part,
    from: cut,
    tagsKnown: tags !== undefined,
    complete: later?.offset !== undefined,
    earlier,
    onlyEarlier: earlier && first.offset === undefined,
    missing: last?.missing,
    before: { ...part, from: cut > from ? from : begin, to: cut },
    joinsBefore: cut > from,
  };
}

/** Offset of the first line: a log that somebody has truncated begins with zeros, as many as it was long. */
function firstLine(file: LogFile): number {
  const block = Buffer.allocUnsafe(64 * 1024);
  for (let offset = 0; ; offset += block.length) {
    const bytes = readAt(file, block, offset);
    const zeros = endOfHole(bytes, 0);
    if (zeros < bytes.length || bytes.length < block.length) return Math.min(offset + zeros, file.size);
  }
}
