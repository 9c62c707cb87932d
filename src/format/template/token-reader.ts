import { goQuote } from "./quote";
import type { Token, TokenKind } from "./token";

/**
 * A template that cannot be read. The message is Go's and names the line: `template: ps:1: unclosed action`.
 */
export class TemplateSyntaxError extends Error {
  override readonly name = "TemplateSyntaxError";
}

/** How deep parentheses and branches may be nested: each level takes room on the stack. */
const deepest = 200;

/** The tokens of a template as the parser reads them, and what it must remember while it does. */
export interface TokenReader {
  readonly name: string;
  readonly tokens: readonly Token[];
  at: number;
  /** The furthest token that was looked at: its line is the one that errors name. */
  furthest: number;
  /** The line of the action that is being read. */
  actionLine: number;
  /** The variables in scope, the innermost last. */
  readonly variables: string[];
  readonly functions: ReadonlySet<string>;
  rangeDepth: number;
  depth: number;
}

/** The next token, which stays there. */
export function peek(reader: TokenReader): Token {
  reader.furthest = Math.max(reader.furthest, reader.at);
  return tokenAt(reader, reader.at);
}

/** Takes the next token. */
export function next(reader: TokenReader): Token {
  const token = peek(reader);
  reader.at += 1;
  return token;
}

/** Passes over white space, and shows the token after it. */
export function peekNonSpace(reader: TokenReader): Token {
  while (peek(reader).kind === "space") reader.at += 1;
  return peek(reader);
}

/** Takes the next token that is not white space. */
export function nextNonSpace(reader: TokenReader): Token {
  peekNonSpace(reader);
  return next(reader);
}

/** Takes a token of a kind. @throws TemplateSyntaxError for another one */
export function expect(reader: TokenReader, kind: TokenKind, context: string): Token {
  const token = nextNonSpace(reader);
  if (token.kind !== kind) unexpected(reader, token, context);
  return token;
}

/** Reads something that lies inside of something like it. @throws TemplateSyntaxError where it lies too deep */
export function nested<T>(reader: TokenReader, read: () => T): T {
  if (reader.depth >= deepest) fail(reader, `more than ${deepest} levels of nesting`);
  reader.depth += 1;
  const result = read();
  reader.depth -= 1;
  return result;
}

/** @throws TemplateSyntaxError that says which token does not belong there */
export function unexpected(reader: TokenReader, token: Token, context: string): never {
  if (token.kind !== "error") fail(reader, `unexpected ${tokenText(token)} in ${context}`);
  if (reader.actionLine === 0 || reader.actionLine === token.line) fail(reader, token.text);
  const started = `started at ${reader.name}:${reader.actionLine}`;
  fail(reader, `${token.text}${token.text.endsWith(" action") ? "" : " in action"} ${started}`);
}

/** @throws TemplateSyntaxError with the line that was read last */
export function fail(reader: TokenReader, message: string): never {
  const { line } = tokenAt(reader, reader.furthest);
  throw new TemplateSyntaxError(`template: ${reader.name}:${line}: ${message}`);
}

function tokenAt({ tokens }: TokenReader, index: number): Token {
  // Behind the last token comes that one again: the end, or the fault.
  const token = tokens[Math.min(index, tokens.length - 1)];
  if (token === undefined) throw new Error("a template has at least one token");
  return token;
}

function tokenText({ kind, text }: Token): string {
  if (kind === "eof") return "EOF";
  if (kind === "keyword" || kind === "dot" || kind === "nil") return `<${text}>`;
  const characters = Array.from(text);
  return characters.length > 10 ? `${goQuote(characters.slice(0, 10).join(""))}...` : goQuote(text);
}
