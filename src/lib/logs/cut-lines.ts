import { BlockReader } from "./block-reader";
import { findOpenLine } from "./find-tail";
import type { LineJoiner } from "./join-lines";
import type { LogStream } from "./log-line";
import { scanLines } from "./scan-lines";
import type { SelectedPart } from "./select-lines";

// The begin and the end of a part of a log may stand between the pieces of a line.

/** Bytes in which the end of a line is looked for that began in a part. */
const longestEnd = 1024 * 1024;

/**
 * Takes the pieces that a line has before the begin of a part, or lets the line go that began before those wanted.
 * @param stream of the line
 */
export function beginCutLine(
  { before, joinsBefore }: SelectedPart,
  stream: LogStream,
  joiner: LineJoiner,
): void {
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

/** Reads behind a part the ends of the lines that have begun in it. */
export function endCutLines({ file, to, tagged }: SelectedPart, joiner: LineJoiner): void {
  const anyOpen = (): boolean => joiner.isOpen("stdout") || joiner.isOpen("stderr");
  if (to === file.size || !anyOpen()) return;
  const scan = scanLines(tagged, (view) => {
    if (view.wellFormed && joiner.isOpen(view.stream)) joiner.line(view);
  });
  const reader = new BlockReader(file, to, Math.min(to + longestEnd, file.size));
  for (let block = reader.next(); block !== undefined && anyOpen(); block = reader.next()) scan(block);
}
