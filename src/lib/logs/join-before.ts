import { BlockReader, remainingBlocks } from "./block-reader";
import { findOpenLine } from "./find-tail";
import type { LineJoiner } from "./join-lines";
import type { LineVisitor, LogStream } from "./log-line";
import { scanLines, type BlockScanner } from "./scan-lines";
import type { SelectedPart } from "./select-lines";
import { paceOf } from "./zeros";

// The last lines of a log may begin in front of the part that they end in.

/** Bytes that are joined at once for a stream of which nobody knows whether anything of it will come. */
const longestAtOnce = 1024 * 1024;

/**
 * Takes the pieces that the lines of a part have in front of it, of the streams that have a line in it.
 * @returns for each block that was read, for the caller to give way
 * @throws KpodError IO, INTERRUPTED
 */
export async function* joinBefore(
  { before, streams }: SelectedPart,
  joiner: LineJoiner,
  signal: AbortSignal | undefined,
): AsyncGenerator<void, void> {
  if (before.from === before.to) return;
  for (const stream of streams) {
    const begin = await findOpenLine(before, stream, Infinity, paceOf(signal));
    if (begin === undefined) continue;
    const scan = scanStream(before.tagged, stream, joiner);
    for await (const block of remainingBlocks(new BlockReader(before.file, begin, before.to), signal)) {
      scan(block);
      yield;
    }
  }
}

/**
 * The same for a part that is written to, where the first line of a stream may come later.
 * @param filter gets the lines; the pieces in front of the first of a stream go to the joiner before it
 * @throws KpodError IO, INTERRUPTED
 */
export async function joinBeforeFirst(
  { before, streams }: SelectedPart,
  joiner: LineJoiner,
  filter: LineVisitor,
  signal: AbortSignal | undefined,
): Promise<LineVisitor> {
  const begins = new Map<LogStream, number>();
  if (before.from === before.to) return filter;
  for (const stream of ["stdout", "stderr"] as const) {
    if (streams.includes(stream)) continue;
    const begin = await findOpenLine(before, stream, longestAtOnce, paceOf(signal));
    if (begin !== undefined) begins.set(stream, begin);
  }
  if (begins.size === 0) return filter;
  return (view) => {
    const begin = view.wellFormed ? begins.get(view.stream) : undefined;
    if (begin !== undefined) {
      begins.delete(view.stream);
      const scan = scanStream(before.tagged, view.stream, joiner);
      const reader = new BlockReader(before.file, begin, before.to);
      for (let block = reader.next(); block !== undefined; block = reader.next()) scan(block);
    }
    filter(view);
  };
}

function scanStream(tagged: boolean, stream: LogStream, joiner: LineJoiner): BlockScanner {
  return scanLines(tagged, (view) => {
    if (view.wellFormed && view.stream === stream) joiner.line(view);
  });
}
