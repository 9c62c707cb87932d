import { errorMessage, KpodError } from "../errors";
import { parseJson, readTextIfThere, writeFileAtomic } from "./files";
import { randomBytes } from "./random";

/** What a file of JSON held, ready to be changed and written back. */
export interface ExactJson {
  /** Numbers that JavaScript would not write as they stand are texts that only `stringify` understands. */
  readonly value: unknown;
  /**
   * The JSON of a value made from parts of this one.
   * @param indent what each level begins its lines with; left out, all is one line
   * @throws KpodError CORRUPT when it cannot be written
   */
  readonly stringify: (value: unknown, indent?: string) => string;
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Parses the JSON text of a file that is to be written back: each number in it keeps its digits, also one that is
 * larger than JavaScript counts.
 * @param hint the remedy for one that is torn
 * @throws KpodError CORRUPT that names the file when the text is not JSON
 */
export function parseExactJson(path: string, text: string, hint?: string): ExactJson {
  // Nobody can know it beforehand, and so nothing in the file looks like it.
  const mark = `number-${randomBytes(12).toString("hex")}:`;
  const marked = outsideOfStrings(text, (part) =>
    part.replace(number, (word) => (String(Number(word)) === word ? word : `"${mark}${word}"`)),
  );
  // As it stands, where it is wrong: the message tells the place.
  if (marked !== text) parseJson(path, text, hint);
  const pattern = new RegExp(`"${mark}([^"]*)"`, "g");
  return {
    value: parseJson(path, marked, hint),
    stringify: (value, indent) => writtenJson(path, value, indent).replaceAll(pattern, "$1"),
  };
}

/**
 * Changes a file of JSON, where it is there; what `change` takes over of it stays, with every digit.
 * @param change returns what the file is to hold; undefined leaves it as it is
 * @throws KpodError CORRUPT, NOT_PERMITTED, IO, and what `change` throws
 */
export function changeJsonFile(
  path: string,
  change: (value: unknown) => Record<string, unknown> | undefined,
): void {
  const text = readTextIfThere(path);
  if (text === undefined) return;
  const { value, stringify } = parseExactJson(path, text);
  const changed = change(value);
  if (changed === undefined) return;
  // Go writes specs indented, and then a look finds what it wants by the lines.
  writeFileAtomic(path, stringify(changed, text.includes("\n\t") ? "\t" : undefined), 0o644);
}

function writtenJson(path: string, value: unknown, indent: string | undefined): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    // Lists within lists within lists: to read them takes no stack, to write them does.
    throw new KpodError("CORRUPT", `${path} cannot be written anew: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

/** Changes what stands between the strings of a JSON text. Strings may be as long as the text. */
function outsideOfStrings(text: string, change: (part: string) => string): string {
  const parts: string[] = [];
  let kept = 0;
  for (let at = 0; at < text.length;) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    const part = text.slice(at, end);
    const changed = change(part);
    if (changed !== part) {
      parts.push(text.slice(kept, at), changed);
      kept = end;
    }
    const close = quote < 0 ? -1 : endOfJsonString(text, quote);
    at = close < 0 ? text.length : close + 1;
  }
  return parts.length === 0 ? text : parts.join("") + text.slice(kept);
}

/**
 * Where a string in a JSON text ends. No pattern does that for any length: it takes a place on the stack for each
 * character.
 * @param start of the quote before it
 * @returns the place of the quote behind it; -1 where there is none
 */
export function endOfJsonString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text[at - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return at;
  }
  return -1;
}
