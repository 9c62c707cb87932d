import { goQuote } from "./quote";
import { kindOfWord, type Token, type TokenKind } from "./token";

/** What is read inside of an action: where the reader stands, and what comes next. */
interface Cursor {
  readonly source: string;
  position: number;
  readonly tokens: Token[];
  line: number;
  /** How far the lines are counted. */
  counted: number;
  parens: number;
}

const trimmedLeft = /\{\{-[ \t\r\n]/y;
const rightDelim = /(?:[ \t\r\n]-)?\}\}/y;
const comment = /\{\{(?:-[ \t\r\n])?\/\*/y;
const spaces = /[ \t\r\n]+/y;
const word = /[\p{L}\p{Nd}_]+/uy;
// Digits of every base are taken together: which ones fit is checked when the number is read.
const number =
  /[+-]?(?:0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*\.?[0-9_]*(?:[eE][+-]?[0-9_]*)?)/y;
const quoted = /"(?:\\[^\n]|[^"\\\n])*"/y;
const rawQuoted = /`[^`]*`/y;
const charConstant = /'(?:\\[^\n]|[^'\\\n])*'/y;

/**
 * Takes a template apart as Go's lexer does. A fault becomes a token of kind `error`, the last one; else the
 * last one is `eof`.
 */
export function tokenize(source: string): readonly Token[] {
  const cursor: Cursor = { source, position: 0, tokens: [], line: 1, counted: 0, parens: 0 };
  while (readText(cursor)) {
    if (!readComment(cursor)) readAction(cursor);
    if (cursor.tokens.at(-1)?.kind === "error") return cursor.tokens;
  }
  emit(cursor, "eof", 0);
  return cursor.tokens;
}

/** Reads up to the next `{{`; false when there is none any more. */
function readText(cursor: Cursor): boolean {
  const { source, position } = cursor;
  const next = source.indexOf("{{", position);
  const end = next < 0 ? source.length : next;
  const trim = next >= 0 && matchAt(trimmedLeft, source, next) !== undefined;
  const text = source.slice(position, end);
  const kept = trim ? text.replace(/[ \t\r\n]+$/, "") : text;
  if (kept !== "") emit(cursor, "text", kept.length);
  cursor.position = end;
  return next >= 0;
}

function readComment(cursor: Cursor): boolean {
  const { source } = cursor;
  const start = matchAt(comment, source, cursor.position);
  if (start === undefined) return false;
  const close = source.indexOf("*/", cursor.position + start.length);
  if (close < 0) {
    fail(cursor, "unclosed comment");
    return true;
  }
  const delim = matchAt(rightDelim, source, close + 2);
  if (delim === undefined) {
    fail(cursor, "comment ends before closing delimiter");
    return true;
  }
  cursor.position = close + 2;
  leaveAction(cursor, delim);
  return true;
}

function readAction(cursor: Cursor): void {
  const { source } = cursor;
  const trimmed = matchAt(trimmedLeft, source, cursor.position) !== undefined;
  emit(cursor, "leftDelim", 2);
  if (trimmed) cursor.position += 2;
  cursor.parens = 0;
  for (;;) {
    const delim = matchAt(rightDelim, source, cursor.position);
    if (delim !== undefined) {
      if (cursor.parens > 0) {
        fail(cursor, "unclosed left paren");
        return;
      }
      const position = cursor.position + delim.length - 2;
      cursor.tokens.push({ kind: "rightDelim", text: "}}", position, line: lineAt(cursor, position) });
      leaveAction(cursor, delim);
      return;
    }
    readToken(cursor);
    if (cursor.tokens.at(-1)?.kind === "error") return;
  }
}

/** Passes over the end of an action, and over the white space after `-}}`. */
function leaveAction(cursor: Cursor, delim: string): void {
  cursor.position += delim.length;
  if (delim.length > 2) cursor.position += matchAt(spaces, cursor.source, cursor.position)?.length ?? 0;
}

const signs: Readonly<Record<string, TokenKind>> = { "=": "assign", "|": "pipe", "(": "leftParen" };

function readToken(cursor: Cursor): void {
  const { source, position } = cursor;
  const character = String.fromCodePoint(source.codePointAt(position) ?? 0);
  const sign = signs[character];
  if (position >= source.length) fail(cursor, "unclosed action");
  else if (/[ \t\r\n]/.test(character)) readSpace(cursor);
  else if (sign !== undefined) {
    if (sign === "leftParen") cursor.parens += 1;
    emit(cursor, sign, 1);
  } else if (character === ")") {
    cursor.parens -= 1;
    emit(cursor, "rightParen", 1);
    if (cursor.parens < 0) fail(cursor, "unexpected right paren U+0029 ')'");
  } else if (character === ":") {
    if (source[position + 1] === "=") emit(cursor, "declare", 2);
    else fail(cursor, "expected :=");
  } else if (character === '"') readDelimited(cursor, "string", quoted, "unterminated quoted string");
  else if (character === "`") readDelimited(cursor, "rawString", rawQuoted, "unterminated raw quoted string");
  else if (character === "'")
    readDelimited(cursor, "charConstant", charConstant, "unterminated character constant");
  else if (character === "$" || (character === "." && !/[0-9]/.test(source[position + 1] ?? "")))
    readName(cursor, character === "$" ? "variable" : "field");
  else if (/[0-9.+-]/.test(character)) readNumber(cursor);
  else if (matchAt(word, source, position) !== undefined) readWord(cursor);
  else if (/[!-~]/.test(character)) emit(cursor, "char", 1);
  else fail(cursor, `unrecognized character in action: ${unicodeName(character)}`);
}

function readSpace(cursor: Cursor): void {
  const length = matchAt(spaces, cursor.source, cursor.position)?.length ?? 0;
  // The last one may belong to " -}}".
  const beforeDelim = matchAt(rightDelim, cursor.source, cursor.position + length - 1) !== undefined;
  emit(cursor, "space", beforeDelim ? length - 1 : length);
}

function readDelimited(cursor: Cursor, kind: TokenKind, pattern: RegExp, fault: string): void {
  const text = matchAt(pattern, cursor.source, cursor.position);
  if (text === undefined) fail(cursor, fault);
  else emit(cursor, kind, text.length);
}

/** `.Name`, `$name`, and the bare `.` and `$`. */
function readName(cursor: Cursor, kind: "field" | "variable"): void {
  const name = matchAt(word, cursor.source, cursor.position + 1) ?? "";
  const bare = name === "" && kind === "field" ? "dot" : kind;
  terminated(cursor, name.length + 1, bare);
}

function readWord(cursor: Cursor): void {
  const text = matchAt(word, cursor.source, cursor.position) ?? "";
  terminated(cursor, text.length, kindOfWord(text));
}

/** A name ends before white space and signs; anything else is a misspelt name. */
function terminated(cursor: Cursor, length: number, kind: TokenKind): void {
  const rest = cursor.source.slice(cursor.position + length);
  const next = rest.codePointAt(0);
  if (next === undefined || /^(?:[ \t\r\n.,|:()]|\}\})/.test(rest)) {
    emit(cursor, kind, length);
  } else {
    fail(cursor, `bad character ${unicodeName(String.fromCodePoint(next))}`);
  }
}

function readNumber(cursor: Cursor): void {
  const { source, position } = cursor;
  const text = matchAt(number, source, position) ?? "";
  const after = matchAt(word, source, position + text.length);
  if (after === undefined) emit(cursor, "number", text.length);
  else fail(cursor, `bad number syntax: ${goQuote(text + String.fromCodePoint(after.codePointAt(0) ?? 0))}`);
}

function emit(cursor: Cursor, kind: TokenKind, length: number): void {
  const { source, position } = cursor;
  const text = source.slice(position, position + length);
  cursor.tokens.push({ kind, text, position, line: lineAt(cursor, position) });
  cursor.position += length;
}

function fail(cursor: Cursor, text: string): void {
  const { position } = cursor;
  cursor.tokens.push({ kind: "error", text, position, line: lineAt(cursor, position) });
}

/** The line of a position. Positions only grow, so that each line feed is counted once. */
function lineAt(cursor: Cursor, position: number): number {
  for (; cursor.counted < position; cursor.counted += 1)
    if (cursor.source[cursor.counted] === "\n") cursor.line += 1;
  return cursor.line;
}

function matchAt(pattern: RegExp, source: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(source)?.[0];
}

/** A character as Go's `%#U` shows it: `U+0029 ')'`. */
function unicodeName(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character) ? `U+${code} '${character}'` : `U+${code}`;
}
