import { jsonLine } from "../json";
import { FunctionError, type Budget, type FunctionTable, type Parameter } from "./function";
import { isList, isMap, isStruct, plain } from "./values";

/** The functions that docker and podman add to those of Go. */
export const textFunctions: FunctionTable = {
  json: { parameters: ["any"], call: ([value], budget) => charged(budget, templateJson(value)) },
  join: {
    parameters: ["[]string", "string"],
    call: ([list, separator], budget) => join(isList(list) ? list : [], String(separator), budget),
  },
  lower: onText((text) => mapLetters(text, (letter) => letter.toLowerCase())),
  upper: onText((text) => mapLetters(text, (letter) => letter.toUpperCase())),
  title: onText(title),
  split: {
    parameters: ["string", "string"],
    call: ([text, separator], budget) => split(charged(budget, String(text)), String(separator)),
  },
  pad: {
    parameters: ["string", "int", "int"],
    call: ([text, before, after], budget) => pad(String(text), Number(before), Number(after), budget),
  },
  truncate: {
    parameters: ["string", "int"],
    call: ([text, length], budget) => truncate(charged(budget, String(text)), Number(length)),
  },
};

function onText(change: (text: string) => string, parameters: readonly Parameter[] = ["string"]) {
  return {
    parameters,
    call: ([text]: readonly unknown[], budget: Budget) => change(charged(budget, String(text))),
  };
}

function charged(budget: Budget, text: string): string {
  budget.charge(text.length);
  return text;
}

function join(list: readonly unknown[], separator: string, budget: Budget): string {
  const texts = list.map(String);
  budget.charge(texts.reduce((sum, text) => sum + text.length + separator.length, 0));
  return texts.join(separator);
}

function split(text: string, separator: string): readonly string[] {
  return separator === "" ? Array.from(text) : text.split(separator);
}

/** Go changes letters one by one; a letter whose other case is two letters stays. */
function mapLetters(text: string, change: (letter: string) => string): string {
  return Array.from(text, (letter) => {
    const changed = change(letter);
    return Array.from(changed).length === 1 ? changed : letter;
  }).join("");
}

/** The first letter of each word in upper case. Words end at signs other than `_` and at white space. */
function title(text: string): string {
  return text.replace(/(^|[^\p{L}\p{Nd}_])(\p{L})/gu, (whole, before: string, letter: string) =>
    separates(before) ? before + mapLetters(letter, (one) => one.toUpperCase()) : whole,
  );
}

/** Beyond ASCII only white space ends a word. */
function separates(sign: string): boolean {
  return sign === "" || /^[\0-\x7f\s\x85]$/.test(sign);
}

function pad(text: string, before: number, after: number, budget: Budget): string {
  if (before < 0 || after < 0) throw new FunctionError("strings: negative Repeat count");
  budget.charge(before + text.length + after);
  return text === "" ? "" : " ".repeat(before) + text + " ".repeat(after);
}

/** Cut by bytes, as docker does, but not in the middle of a character. */
function truncate(text: string, length: number): string {
  const bytes = Buffer.from(text);
  if (length < 0) throw new FunctionError(`runtime error: slice bounds out of range [:${length}]`);
  if (bytes.length <= length) return text;
  let end = length;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString();
}

/** A value as JSON in one line. Keys stand in the order of the data. */
function templateJson(value: unknown): string {
  return jsonLine(jsonValue(value)).trimEnd();
}

function jsonValue(value: unknown): unknown {
  const inner = plain(value) ?? null;
  if (isList(inner)) return inner.map(jsonValue);
  const entries = isMap(inner) ? [...inner] : isStruct(inner) ? Object.entries(inner) : undefined;
  return entries === undefined
    ? inner
    : Object.fromEntries(entries.map(([key, entry]) => [key, jsonValue(entry)]));
}
