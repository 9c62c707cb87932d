/** The kinds of tokens. A keyword's kind is the word itself. */
export type TokenKind =
  | "text"
  | "leftDelim"
  | "rightDelim"
  | "space"
  | "assign"
  | "declare"
  | "pipe"
  | "leftParen"
  | "rightParen"
  | "char"
  | "string"
  | "rawString"
  | "charConstant"
  | "number"
  | "bool"
  | "identifier"
  | "field"
  | "variable"
  | "dot"
  | "nil"
  | "keyword"
  | "error"
  | "eof";

/** A piece of a template's source. */
export interface Token {
  readonly kind: TokenKind;
  /** The source of the token; the message of an error. */
  readonly text: string;
  /** Where it begins in the source. */
  readonly position: number;
  /** On which line it begins, from 1. */
  readonly line: number;
}

const keywords = new Set([
  "block",
  "break",
  "continue",
  "define",
  "else",
  "end",
  "if",
  "range",
  "template",
  "with",
]);

/** The kind of a word of letters and digits. */
export function kindOfWord(word: string): TokenKind {
  if (keywords.has(word)) return "keyword";
  if (word === "true" || word === "false") return "bool";
  return word === "nil" ? "nil" : "identifier";
}
