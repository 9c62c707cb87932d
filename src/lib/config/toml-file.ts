import type parseString from "@iarna/toml/parse-string";
import { describeErrno, errnoOf, errorMessage, KpodError } from "../errors";
import { fileLimits, isRecord, readRegularFile } from "../system/files";
import { parsePlainToml } from "./toml-plain";
import { scanToml } from "./toml-scan";
import { keyOnLine, lineOfKey, writeKey } from "./toml-tree";

/** A table of a TOML file, and where it stands, so that a value in it that will not do can be pointed at. */
export interface TomlSection {
  /** Path of the file. */
  readonly file: string;
  /** The whole text of the file. */
  readonly text: string;
  /** The keys that lead to the table; none for the whole file. */
  readonly path: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Reads and parses a TOML file.
 * @throws KpodError BAD_CONFIG that names the file, and line and key where the text is not TOML
 */
export function readTomlFile(file: string): TomlSection {
  const text = readText(file);
  return { file, text, path: [], values: parse(file, text) };
}

/** The name a table gives to one of its keys, whatever its case: CRI-O takes `RunRoot` for `runroot` too. */
export function findKey(section: TomlSection, name: string): string | undefined {
  return keyFinder(section)(name);
}

/** The same for many names of one table. */
export function keyFinder({ values }: TomlSection): (name: string) => string | undefined {
  const folded = new Map<string, string>();
  for (const key in values) {
    const lower = key.toLowerCase();
    if (lower !== key && !folded.has(lower)) folded.set(lower, key);
  }
  return (name) => (Object.hasOwn(values, name) ? name : folded.get(name));
}

/**
 * A table within a table, undefined when it is not there.
 * @throws KpodError BAD_CONFIG when something else than a table stands there
 */
export function subsection(section: TomlSection, name: string): TomlSection | undefined {
  const key = findKey(section, name);
  if (key === undefined) return undefined;
  const values = section.values[key];
  if (!isTable(values)) throw wrongValue(section, key, "a table");
  return { ...section, path: [...section.path, key], values };
}

/** The error for a value that is not what it must be; it names file, line and key on one line. */
export function wrongValue(section: TomlSection, key: string, expected: string): KpodError {
  const path = [...section.path, key];
  const line = lineOfKey(scanToml(section.text), path) ?? 1;
  const value = describeValue(section.values[key]);
  return new KpodError(
    "BAD_CONFIG",
    `${section.file}:${line}: ${writeKey(path)} must be ${expected}, not ${value}`,
  );
}

function readText(file: string): string {
  try {
    const bytes = readRegularFile(file, fileLimits.config);
    const text = bytes.toString("utf8");
    // A byte that is not UTF-8 would be lost when the file is written again. What stands for such a byte in a text can
    // stand in a file itself, so that it takes a second look, by what is slow to load.
    if (text.includes("\ufffd")) new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.startsWith("\ufeff") ? text.slice(1) : text;
  } catch (error) {
    throw new KpodError("BAD_CONFIG", `cannot read configuration file ${file}: ${reasonOf(error, file)}`, {
      cause: error,
    });
  }
}

function reasonOf(error: unknown, file: string): string {
  // It begins with the path of what is no regular file.
  if (error instanceof KpodError) return `it ${error.message.slice(file.length + 1)}`;
  return isEncodingError(error) ? "it is not UTF-8 text" : describeErrno(error);
}

function isEncodingError(error: unknown): boolean {
  return errnoOf(error) === "ERR_ENCODING_INVALID_ENCODED_DATA";
}

function parse(file: string, text: string): Record<string, unknown> {
  try {
    return parsePlainToml(text) ?? parseToml(withoutComments(text));
  } catch (error) {
    // The parser goes on with a picture of the place, which does not fit on one line.
    const reason = errorMessage(error).replace(/ at row \d+, col \d+, pos \d+:[^]*$/, "");
    const line = errorLine(error, text);
    const key = keyOnLine(scanToml(text), line);
    const place = key === undefined ? `${file}:${line}` : `${file}:${line}: ${writeKey(key)}`;
    throw new KpodError("BAD_CONFIG", `${place}: not valid TOML: ${reason}`, { cause: error });
  }
}

/**
 * Empties the lines that hold a comment alone, of which the files that distributions ship mostly consist:
 * the parser takes as long for them as for the rest. Line numbers stay as they are.
 */
function withoutComments(text: string): string {
  return /"""|'''/.test(text) ? text : text.replace(/^[ \t]*#.*$/gm, "");
}

/** The line of a parser's error, counted from 1. At the end of the text it is that of the last character. */
function errorLine(error: unknown, text: string): number {
  const lines = text.trimEnd().split("\n").length;
  if (typeof error === "object" && error !== null && "line" in error && typeof error.line === "number") {
    return Math.min(error.line + 1, lines);
  }
  return lines;
}

/** A table as the parser makes it: dates are objects too. */
function isTable(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && !(value instanceof Date);
}

/** A value in few words. */
function describeValue(value: unknown): string {
  const text = literal(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function literal(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (value instanceof Date) return "a date";
  return isRecord(value) ? "a table" : String(value);
}

/**
 * Reads all of TOML.
 * @throws the parser's own error, with the place
 */
function parseToml(text: string): Record<string, unknown> {
  // Loaded where somebody needs it, in the middle of a function that cannot wait: few configurations do.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const parse = require("@iarna/toml/parse-string") as typeof parseString;
  return parse(text);
}
