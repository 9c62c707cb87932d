import { endOfJsonString } from "./exact-json";

/**
 * The essence of what a program of the container world wrote to stderr: its last line, without the dressing of logrus
 * (`time="…" level=error msg="…"`) or of JSON logs.
 */
export function programMessage(stderr: string): string {
  const text = stderr.trim();
  const line = text.slice(text.lastIndexOf("\n") + 1).slice(0, longestMessage);
  const logrus = line.search(/\bmsg="/);
  const json = line.startsWith("{") && line.endsWith("}") ? line.lastIndexOf('"msg":"') : -1;
  const said =
    (logrus < 0 ? undefined : quotedAt(line, logrus + "msg=".length)) ??
    (json < 0 ? undefined : quotedAt(line, json + '"msg":'.length)) ??
    line;
  return said.replace(/\\(["\\])/g, "$1");
}

/** Characters of a line that are worth reading. */
const longestMessage = 16 * 1024;

function quotedAt(line: string, quote: number): string | undefined {
  const end = endOfJsonString(line, quote);
  return end < 0 ? undefined : line.slice(quote + 1, end);
}
