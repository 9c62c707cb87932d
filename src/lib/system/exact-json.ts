import { parseJson } from "./files";
import { randomBytes } from "./random";

/** What a file of JSON held, ready to be changed and written back. */
export interface ExactJson {
  /** Numbers that JavaScript would not write as they stand are texts that only `stringify` understands. */
  readonly value: unknown;
  /** The JSON of a value made from parts of this one. */
  readonly stringify: (value: unknown) => string;
}

/** Texts, so that numbers in them are passed over, and numbers. */
const token = /"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Parses the JSON text of a file that is to be written back: each number in it keeps its digits, also one that is
 * larger than JavaScript counts.
 * @throws KpodError CORRUPT that names the file when the text is not JSON
 */
export function parseExactJson(path: string, text: string): ExactJson {
  // Nobody can know it beforehand, and so nothing in the file looks like it.
  const mark = `number-${randomBytes(12).toString("hex")}:`;
  const marked = text.replace(token, (word) =>
    word.startsWith('"') || String(Number(word)) === word ? word : `"${mark}${word}"`,
  );
  // As it stands, where it is wrong: the message tells the place.
  if (marked !== text) parseJson(path, text);
  return {
    value: parseJson(path, marked),
    stringify: (value) => JSON.stringify(value).replaceAll(new RegExp(`"${mark}([^"]*)"`, "g"), "$1"),
  };
}
