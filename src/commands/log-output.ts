import type { LineView, LineVisitor, LogStream } from "../lib/logs/log-line";

/** Where the bytes of logs go. */
export interface LogSink {
  /** Writes bytes, which are no longer needed when it returns. */
  write(stream: LogStream, bytes: Uint8Array): void;
  /** True when both streams lead to the same place, where the order of their lines is seen. */
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
const lineEnd = Buffer.from("\n");

/** Makes an output. Nothing is written before a buffer is full or `flush` is called. */
export function createLogOutput(sink: LogSink): LogOutput {
  const buffers = { stdout: createBuffer("stdout", sink), stderr: createBuffer("stderr", sink) };
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
        if (sink.shared) buffers[line.stream === "stdout" ? "stderr" : "stdout"].flush();
        buffer.endLineOfOthers(log);
        if (hasPrefix && !line.continued) putPrefix(buffer, line);
        buffer.put(line.bytes, line.textStart, line.textEnd);
        if (line.partial) buffer.inLineOf(log);
        else buffer.put(lineEnd, 0, 1);
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
  flush(): void;
  /** Notes that a line of a log has been begun and not ended. */
  inLineOf(log: object): void;
  /** Ends the line that another log has begun. */
  endLineOfOthers(log: object): void;
}

function createBuffer(stream: LogStream, sink: LogSink): OutputBuffer {
  const buffer = Buffer.allocUnsafe(bufferSize);
  let length = 0;
  let lineOf: object | undefined;
  const flush = (): void => {
    if (length === 0) return;
    // Before it is written: what could not be written must not be tried again.
    const bytes = buffer.subarray(0, length);
    length = 0;
    sink.write(stream, bytes);
  };
  const put = (bytes: Buffer, start: number, end: number): void => {
    if (length + end - start > bufferSize) flush();
    if (end - start > bufferSize) sink.write(stream, bytes.subarray(start, end));
    else length += bytes.copy(buffer, length, start, end);
  };
  return {
    put,
    flush,
    inLineOf(log) {
      lineOf = log;
    },
    endLineOfOthers(log) {
      if (lineOf !== undefined && lineOf !== log) put(lineEnd, 0, 1);
      lineOf = undefined;
    },
  };
}
