import { fstatSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { KpodError } from "../errors";
import { newline } from "./line-header";
import { readAt, type LogFile } from "./log-file";

/** Bytes of a block: many enough that calls do not count, few enough to stay in the processor's cache. */
const blockSize = 256 * 1024;

/** Blocks after which others get their turn: a Ctrl-C is heard only then. */
const blocksPerTurn = 32;

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
   */
  constructor(
    readonly file: LogFile,
    private position: number,
    private readonly end = Infinity,
  ) {}

  /** The next lines; undefined when no whole line is there (yet). @throws KpodError IO */
  next(): Buffer | undefined {
    const { buffer } = this;
    for (;;) {
      buffer.copyWithin(0, this.waitingFrom, this.waitingFrom + this.waiting);
      this.waitingFrom = 0;
      const room = Math.min(buffer.length - this.waiting, this.end - this.position);
      const read = readAt(this.file, buffer.subarray(this.waiting, this.waiting + room), this.position);
      if (read.length === 0) return undefined;
      this.position += read.length;
      const length = this.waiting + read.length;
      const end = buffer.subarray(0, length).lastIndexOf(newline) + 1;
      if (end > 0) return this.handOut(end, length);
      if (length === buffer.length) {
        this.cut = true;
        this.waiting = 0;
        return buffer;
      }
      this.waiting = length;
    }
  }

  /** What stands behind the last line end, ended as a line; undefined when nothing does. */
  rest(): Buffer | undefined {
    if (this.waiting === 0 && !this.cut) return undefined;
    const rest = Buffer.concat([
      this.buffer.subarray(this.waitingFrom, this.waitingFrom + this.waiting),
      Buffer.from([newline]),
    ]);
    this.waiting = 0;
    this.cut = false;
    return rest;
  }

  /** True when the file has become shorter than what was read of it: somebody truncated it. */
  truncated(): boolean {
    return fstatSync(this.file.fd).size < this.position;
  }

  private handOut(end: number, length: number): Buffer {
    this.cut = false;
    this.waitingFrom = end;
    this.waiting = length - end;
    return this.buffer.subarray(0, end);
  }
}

/**
 * The blocks that a reader can give now.
 * @throws KpodError INTERRUPTED when the signal is aborted, IO
 */
export async function* remainingBlocks(
  reader: BlockReader,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void> {
  let count = 0;
  for (let block = reader.next(); block !== undefined; block = reader.next()) {
    yield block;
    if (++count % blocksPerTurn > 0) continue;
    await turn();
    throwIfInterrupted(signal);
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

/** @throws KpodError INTERRUPTED when the signal is aborted */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new KpodError("INTERRUPTED", "interrupted while reading a log", { cause: signal.reason });
}
