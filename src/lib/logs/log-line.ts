/** One line of a container's log as conmon writes it. */
export interface LogLine {
  /** RFC 3339 with nanoseconds, as it stands; "" for a line that is not in the format of the log. */
  time: string;
  stream: "stdout" | "stderr";
  /** True when the container's line goes on in the next log line of the same stream. */
  partial: boolean;
  text: Buffer;
}

const blank = 0x20;

/**
 * Takes a line of a log apart: `TIME stdout|stderr [P|F] TEXT` (CRI-O 1.0 wrote no tag). A line of another
 * form is all text.
 * @param line without its line end
 */
export function parseLogLine(line: Buffer): LogLine {
  const afterTime = line.indexOf(blank);
  const afterStream = line.indexOf(blank, afterTime + 1);
  const time = line.toString("latin1", 0, Math.max(afterTime, 0));
  const stream = line.toString("latin1", afterTime + 1, afterStream === -1 ? line.length : afterStream);
  if (!/^\d{4}-\d\d-\d\dT/.test(time) || (stream !== "stdout" && stream !== "stderr")) {
    return { time: "", stream: "stdout", partial: false, text: line };
  }
  const rest = afterStream === -1 ? Buffer.alloc(0) : line.subarray(afterStream + 1);
  // Newer CRI-O may join further tags to this one with colons.
  const tag = /^(P|F)(?:[: ]|$)/.exec(rest.toString("latin1", 0, 2))?.[1];
  const afterTag = rest.indexOf(blank);
  const text = tag === undefined ? rest : afterTag === -1 ? Buffer.alloc(0) : rest.subarray(afterTag + 1);
  return { time, stream, partial: tag === "P", text };
}
