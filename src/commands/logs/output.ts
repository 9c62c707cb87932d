import type { LineView, LineVisitor, LogStream } from "../../lib/logs/log-line";

/** Where the bytes of logs go. */
export interface LogSink {
  /** Writes bytes, which are no longer needed when it returns. */
  write(stream: LogStream, bytes: Uint8Array): void;
  /** True when both streams lead to the same place, where the order of their lines is seen: all goes to stdout then. */
  readonly shared: boolean;
}

/** What stands before each line. */
export interface LinePrefix {
  /** The name of the container; "" for none. */
  name: string;
  timestamps: boolean;
  /** Details of the container; "" for none. */
  details: string;
}

/** Prints lines of logs: gathers them into large writes, their bytes untouched. */
export interface LogOutput {
  /** What takes the lines of one log. */
  printer(prefix: LinePrefix): LineVisitor;
  /** Writes what was gathered. */
  flush(): void;
}

const bufferSize = 256 * 1024;
const blank = Buffer.from(" ");
const newline = 0x0a;
const lineEnd = Buffer.from([newline]);

/** Makes an output. Nothing is written before a buffer is full or `flush` is called. */
export function createLogOutput(sink: LogSink): LogOutput {
  const stdout = createBuffer("stdout", sink);
  // What leads to one place is one text: to change from one stream to the other would be a write for each line.
  const buffers = { stdout, stderr: sink.shared ? stdout : createBuffer("stderr", sink) };
  return {
    printer(prefix) {
      const name = Buffer.from(prefix.name === "" ? "" : `${prefix.name} `);
      const details = Buffer.from(prefix.details === "" ? "" : `${prefix.details} `);
      const hasPrefix = name.length > 0 || details.length > 0 || prefix.timestamps;
      const log = {};
      const putPrefix = (buffer: OutputBuffer, line: LineView): void => {
        buffer.put(name, 0, name.length);
        if (prefix.timestamps && line.wellFormed) {
          buffer.put(line.bytes, line.start, line.timeEnd);
          buffer.put(blank, 0, 1);
        }
        buffer.put(details, 0, details.length);
      };
      return (line) => {
        const buffer = buffers[line.stream];
        buffer.endLineOfOthers(log);
        if (hasPrefix && !line.continued) putPrefix(buffer, line);
        if (hasPrefix || !line.lasting || (line.stream === "stderr" && !sink.shared)) {
          buffer.put(line.bytes, line.textStart, line.textEnd);
          if (!line.partial) buffer.put(lineEnd, 0, 1);
        } else {
          buffer.gather(line);
        }
        if (line.partial) buffer.inLineOf(log);
      };
    },
    flush() {
      buffers.stdout.flush();
      buffers.stderr.flush();
    },
  };
}

interface OutputBuffer {
  put(bytes: Buffer, start: number, end: number): void;
  /** Adds a lasting line without a copy: its text is moved to the text before it. Not for both streams of a log. */
  gather(line: LineView): void;
  flush(): void;
  /** Notes that a line of a log has been begun and not ended. */
  inLineOf(log: object): void;
  /** Ends the line that another log has begun. */
  endLineOfOthers(log: object): void;
}

function createBuffer(stream: LogStream, sink: LogSink): OutputBuffer {
  const own = Buffer.allocUnsafe(bufferSize);
  // What was gathered, in the own buffer or in place.
  let bytes: Buffer = own;
  let start = 0;
  let end = 0;
  let lineOf: object | undefined;
  const flush = (): void => {
    if (start === end) return;
    const gathered = bytes.subarray(start, end);
    // Before it is written: what could not be written must not be tried again.
    bytes = own;
    start = end = 0;
    sink.write(stream, gathered);
  };
  const put = (source: Buffer, from: number, to: number): void => {
    if (bytes !== own || end + to - from > bufferSize) flush();
    if (to - from > bufferSize) sink.write(stream, source.subarray(from, to));
    else end += source.copy(own, end, from, to);
  };
  return {
    put,
    flush,
    gather(line) {
      if (bytes !== line.bytes) {
        flush();
        bytes = line.bytes;
        start = end = line.textStart;
      }
      bytes.copyWithin(end, line.textStart, line.textEnd);
      end += line.textEnd - line.textStart;
      if (!line.partial) bytes[end++] = newline;
    },
    inLineOf(log) {
      lineOf = log;
    },
    endLineOfOthers(log) {
      if (lineOf !== undefined && lineOf !== log) put(lineEnd, 0, 1);
      lineOf = undefined;
    },
  };
}
