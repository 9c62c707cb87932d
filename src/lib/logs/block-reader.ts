import { fstatSync } from "node:fs";
import { newline } from "./line-header";
import { headSize, readAt, readHead, type LogFile } from "./log-file";
import { endOfZeros, isBlank, nextData, paceOf } from "./zeros";

/** Bytes of a block: many enough that calls do not count, few enough to stay in the processor's cache. */
const blockSize = 256 * 1024;

/** Bytes that are a hole when all are zero: conmon writes no line that long. */
const smallestHole = 64 * 1024;

/**
 * Reads a log forward in blocks of whole lines, in constant memory. A block stands in the reader's own buffer
 * and holds until the next call.
 */
export class BlockReader {
  private readonly buffer = Buffer.allocUnsafe(blockSize);
  /** The end of the last read is no line end: so many bytes of it wait at this offset of the buffer. */
  private waitingFrom = 0;
  private waiting = 0;
  /** True when the last block ended inside of a line that is longer than a block. */
  private cut = false;
  /**
   * @param position offset of the line to begin with
   * @param end offset to end at; Infinity for whatever the file has
   * @param head how the file begins, as far as that is known
   */
  constructor(
    readonly file: LogFile,
    private position: number,
    private readonly end = Infinity,
    private head = file.head,
  ) {}

  /**
   * The next lines; undefined when no whole line is there (yet). A hole ends the line before it, and comes as a
   * block without a line where there is none.
   * @throws KpodError IO
   */
  next(): Buffer | undefined {
    const { buffer } = this;
    for (;;) {
      buffer.copyWithin(0, this.waitingFrom, this.waitingFrom + this.waiting);
      this.waitingFrom = 0;
      if (this.endsInHole()) return this.skipHole();
      if (this.waiting === buffer.length) {
        this.cut = true;
        this.waiting = 0;
        return buffer;
      }
      const room = Math.min(buffer.length - this.waiting, this.end - this.position);
      const read = readAt(this.file, buffer.subarray(this.waiting, this.waiting + room), this.position);
      if (read.length === 0) return undefined;
      this.position += read.length;
      const length = this.waiting + read.length;
      const end = buffer.subarray(0, length).lastIndexOf(newline) + 1;
      if (end > 0) return this.handOut(end, length);
      this.waiting = length;
    }
  }

  /** Offset in the file up to which it has been read. */
  get readTo(): number {
    return this.position;
  }

  /** What stands behind the last line end, ended as a line; undefined when nothing does. */
  rest(): Buffer | undefined {
    const waiting = this.buffer.subarray(this.waitingFrom, this.waitingFrom + this.waiting);
    // Zeros with nothing behind them are no line.
    if (!this.cut && endOfZeros(waiting, 0) === waiting.length) return undefined;
    const rest = Buffer.concat([waiting, Buffer.from([newline])]);
    this.waiting = 0;
    this.cut = false;
    return rest;
  }

  /**
   * True when somebody truncated the file: it is shorter than what was read of it, or was written to again since and
   * begins in another way.
   */
  truncated(): boolean {
    if (fstatSync(this.file.fd).size < this.position) return true;
    const now = readHead(this.file);
    if (!now.subarray(0, this.head.length).equals(this.head)) return true;
    if (this.head.length < headSize) this.head = now.subarray(0, this.position);
    return false;
  }

  /** A reader from the beginning of the file, as it is now. */
  anew(): BlockReader {
    return new BlockReader(this.file, 0, Infinity, readHead(this.file));
  }

  private endsInHole(): boolean {
    const begin = this.waiting - smallestHole;
    return begin >= 0 && isBlank(this.buffer.subarray(begin, this.waiting));
  }

  private skipHole(): Buffer {
    const { buffer } = this;
    this.position = Math.min(this.end, nextData(this.file, this.position));
    let length = this.waiting;
    while (length > 0 && buffer[length - 1] === 0) length--;
    if (length > 0 || this.cut) buffer[length++] = newline;
    this.waiting = 0;
    this.cut = false;
    return buffer.subarray(0, length);
  }

  private handOut(end: number, length: number): Buffer {
    this.cut = false;
    this.waitingFrom = end;
    this.waiting = length - end;
    return this.buffer.subarray(0, end);
  }
}

/**
 * The blocks that a reader can give now of a log that is written to, and may be truncated between any two.
 * @returns true where it was: then nothing that stands there has been read
 * @throws KpodError INTERRUPTED when the signal is aborted, IO
 */
export async function* untruncatedBlocks(
  reader: BlockReader,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, boolean> {
  const pace = paceOf(signal);
  while (!reader.truncated()) {
    const block = reader.next();
    if (block === undefined) return false;
    if (block.length > 0) yield block;
    await pace();
  }
  return true;
}

/**
 * The blocks that a reader can give now.
 * @throws KpodError INTERRUPTED when the signal is aborted, IO
 */
export async function* remainingBlocks(
  reader: BlockReader,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void> {
  const pace = paceOf(signal);
  for (let block = reader.next(); block !== undefined; block = reader.next()) {
    if (block.length > 0) yield block;
    await pace();
  }
}

/**
 * All that a reader has of a log that is not written to any more: its last line may lack its end.
 * @throws KpodError INTERRUPTED when the signal is aborted, IO
 */
export async function* storedBlocks(
  reader: BlockReader,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void> {
  yield* remainingBlocks(reader, signal);
  const rest = reader.rest();
  if (rest !== undefined) yield rest;
}
