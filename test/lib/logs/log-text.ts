import { join } from "node:path";
import { forEachLogLine, type ReadLogOptions } from "../../../src/lib/logs/read-log";
import { testdir } from "../../helpers/testdir";

/** Milliseconds since 1970 of the first second of the logs made here. */
export const firstSecond = Date.UTC(2026, 10, 23, 10, 0, 0);

/** The time of a log line, so many seconds after the first one, as conmon writes it. */
export function timeText(seconds: number): string {
  return `${new Date(firstSecond + seconds * 1000).toISOString().slice(0, 19)}.000000000+00:00`;
}

/** The same as nanoseconds since 1970. */
export function timeAt(seconds: number): bigint {
  return BigInt(firstSecond + seconds * 1000) * 1_000_000n;
}

/** The text of a log from `out F text` or `err P text`, a second each; anything else stands as it is. */
export function logText(lines: readonly string[]): string {
  return lines
    .map((line, index) => {
      const [, stream, rest] = /^(out|err) (.*)$/s.exec(line) ?? [];
      return `${stream === undefined ? line : `${timeText(index)} std${stream} ${rest}`}\n`;
    })
    .join("");
}

/** Writes a log into a directory of its own. @returns its path */
export function writeLog(text: string | Uint8Array): string {
  return join(testdir({ "0.log": text }), "0.log");
}

/**
 * What a reader of a log gets, a text each: `out:text` or `err:text`, `~` where a piece before or behind belongs
 * to the same line.
 */
export async function readTexts(path: string, options: ReadLogOptions = {}): Promise<string[]> {
  const texts: string[] = [];
  await forEachLogLine(path, options, ({ stream, continued, partial, text }) => {
    texts.push(`${continued ? "~" : ""}${stream.slice(3)}:${text.toString("latin1")}${partial ? "~" : ""}`);
  });
  return texts;
}
