import { findTail } from "./find-tail";
import type { LogPart } from "./lines-backward";
import { readAt, type LogFile } from "./log-file";
import type { LogStream } from "./log-line";
import { haveTags, tagSampleSize } from "./log-tags";
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
