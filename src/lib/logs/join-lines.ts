import { BlockReader, remainingBlocks } from "./block-reader";
import { newLineView, type LineView, type LineVisitor, type LogStream } from "./log-line";
import { scanLines, type BlockScanner } from "./scan-lines";
import { findOpenLine, type SelectedPart } from "./select-lines";
import { paceOf } from "./zeros";

/** Bytes of a line that are held until its end has come; a longer one is handed on in pieces. */
const longestHeld = 1024 * 1024;

/** Puts the pieces of lines together. */
export interface LineJoiner {
  /** Takes the next log line. */
  readonly line: LineVisitor;
  /** Hands on what stands of lines that have not been ended. */
  flush(): void;
  /** Lets the rest of the stream's current line go. */
  skip(stream: LogStream): void;
  /** True while the stream's current line has not been ended. */
  isOpen(stream: LogStream): boolean;
}

/** The line of a stream that has begun and not been ended. */
interface HeldLine {
  open: boolean;
  skipped: boolean;
  /** The time of the first piece, and behind it the text that is held. */
  readonly view: LineView;
}

/**
 * Joins the log lines P with the F that ends them, of each stream for itself. The others may stand between
 * them. A joined line has the time of its first piece.
 */
export function joinLines(visit: LineVisitor): LineJoiner {
  const held = { stdout: newHeldLine("stdout"), stderr: newHeldLine("stderr") };
  const handOn = (line: HeldLine, partial: boolean): void => {
    line.view.partial = partial;
    visit(line.view);
    line.view.continued = true;
    line.view.textEnd = line.view.textStart;
  };
  const append = (line: HeldLine, piece: LineView): void => {
    const { view } = line;
    const length = piece.textEnd - piece.textStart;
    if (view.textEnd > view.textStart && view.textEnd + length > longestHeld) handOn(line, true);
    makeRoom(view, length);
    view.textEnd += piece.bytes.copy(view.bytes, view.textEnd, piece.textStart, piece.textEnd);
  };
  return {
    line(piece) {
      const line = held[piece.stream];
      if (!piece.wellFormed || (!line.open && !piece.partial)) {
        visit(piece);
        return;
      }
      if (line.skipped) {
        line.skipped = line.open = piece.partial;
        return;
      }
      if (!line.open) begin(line, piece);
      append(line, piece);
      if (piece.partial) return;
      line.open = false;
      handOn(line, false);
    },
    flush() {
      for (const line of [held.stdout, held.stderr]) {
        if (line.open && line.view.textEnd > line.view.textStart) handOn(line, true);
      }
    },
    skip(stream) {
      held[stream].open = held[stream].skipped = true;
    },
    isOpen: (stream) => held[stream].open,
  };
}

function newHeldLine(stream: LogStream): HeldLine {
  return { open: false, skipped: false, view: { ...newLineView(), stream, wellFormed: true } };
}

function begin(line: HeldLine, piece: LineView): void {
  const { view } = line;
  line.open = true;
  view.continued = false;
  view.textEnd = 0;
  makeRoom(view, piece.timeEnd - piece.start);
  view.timeEnd = piece.bytes.copy(view.bytes, 0, piece.start, piece.timeEnd);
  view.textStart = view.textEnd = view.timeEnd;
}

/** Makes the buffer of a held line long enough for so many bytes more. */
function makeRoom(view: LineView, more: number): void {
  const needed = view.textEnd + more;
  if (needed <= view.bytes.length) return;
  const bytes = Buffer.allocUnsafe(Math.max(needed, 2 * view.bytes.length, 16 * 1024));
  view.bytes.copy(bytes, 0, 0, view.textEnd);
  view.bytes = bytes;
}

/** Bytes that are joined at once for a stream of which nobody knows whether anything of it will come. */
const longestAtOnce = 1024 * 1024;

/**
 * Takes the pieces that the lines of a part have in front of it, of the streams that have a line in it: the last lines
 * of a log may begin in front of the part that they end in.
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
