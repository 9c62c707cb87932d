/** Where a container wrote a line. */
export type LogStream = "stdout" | "stderr";

/** A line that a container wrote, or a piece of one. */
export interface LogLine {
  /** When its beginning was written, RFC 3339 with nanoseconds as it stands; "" for a line not in the log's format. */
  time: string;
  stream: LogStream;
  /** True when this goes on a line of which a piece came before. */
  continued: boolean;
  /** True when the line goes on, or has not been ended yet: no line end follows the text. */
  partial: boolean;
  text: Buffer;
  /** The labels of the container, where they were asked for. */
  details?: Readonly<Record<string, string>>;
}

/**
 * A line where it lies in a block of the log, for readers of many: nothing is copied, and the same object
 * serves for all lines. It holds until the visitor that got it returns; its bytes may hold longer.
 */
export interface LineView {
  bytes: Buffer;
  /** Offset of the line; its time, where it is in the log's format, stands here. */
  start: number;
  timeEnd: number;
  textStart: number;
  /** Offset behind the text, without the line end. */
  textEnd: number;
  stream: LogStream;
  /** False for a line that is not in the log's format: it is all text, and has no time. */
  wellFormed: boolean;
  /** As in LogLine. */
  continued: boolean;
  partial: boolean;
  /**
   * True when the bytes of the line hold until its reader gives way, and are the visitor's to overwrite, up to
   * and with the line end behind the text (there is none when the line is partial).
   */
  lasting: boolean;
}

/** Gets lines one by one. */
export type LineVisitor = (line: LineView) => void;

/** A view to be filled. */
export function newLineView(): LineView {
  return {
    bytes: Buffer.alloc(0),
    start: 0,
    timeEnd: 0,
    textStart: 0,
    textEnd: 0,
    stream: "stdout",
    wellFormed: false,
    continued: false,
    partial: false,
    lasting: false,
  };
}

/** The line of a view as a value of its own. */
export function copyLine(view: LineView): LogLine {
  const { bytes, stream, continued, partial } = view;
  return {
    time: bytes.toString("latin1", view.start, view.timeEnd),
    stream,
    continued,
    partial,
    text: Buffer.from(bytes.subarray(view.textStart, view.textEnd)),
  };
}
