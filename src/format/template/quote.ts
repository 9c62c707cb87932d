const named: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

/**
 * A text as Go quotes it (`%q`): in double quotes, with escapes for what cannot be seen.
 *
 * @param ascii escapes everything beyond ASCII as well (`%+q`)
 */
export function goQuote(text: string, ascii = false): string {
  return `"${quoteInner(text, '"', ascii)}"`;
}

/** A character as Go quotes it: `'x'`. */
export function goQuoteCharacter(code: number, ascii = false): string {
  const valid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
  return `'${quoteInner(valid ? String.fromCodePoint(code) : "\ufffd", "'", ascii)}'`;
}

function quoteInner(text: string, quote: string, ascii: boolean): string {
  return Array.from(text, (character) => {
    if (character === quote) return `\\${quote}`;
    const code = character.codePointAt(0) ?? 0;
    const escape = named[character];
    if (escape !== undefined) return escape;
    const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character);
    if (printable && (!ascii || code < 0x80)) return character;
    if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
    return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
  }).join("");
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

const escapeForm = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\'"]))/;

/**
 * The text that a quoted constant of Go stands for.
 *
 * @param source the constant with its quotes: `"a\tb"`, `` `raw` `` or `'c'`
 * @returns undefined where it is not a constant of Go
 */
export function unquote(source: string): string | undefined {
  const quote = source.charAt(0);
  const inner = source.slice(1, -1);
  if (quote === "`") return inner.replaceAll("\r", "");
  const parts: Buffer[] = [];
  for (let rest = inner; rest !== "";) {
    if (!rest.startsWith("\\")) {
      const end = rest.indexOf("\\");
      const plain = end < 0 ? rest : rest.slice(0, end);
      if (plain.includes("\n")) return undefined;
      parts.push(Buffer.from(plain));
      rest = rest.slice(plain.length);
      continue;
    }
    const found = escapeForm.exec(rest);
    const bytes = found === null ? undefined : escapedBytes(found, quote);
    if (found === null || bytes === undefined) return undefined;
    parts.push(bytes);
    rest = rest.slice(found[0].length);
  }
  const text = Buffer.concat(parts).toString();
  if (quote === "'" && Array.from(text).length !== 1) return undefined;
  return text;
}

function escapedBytes(found: RegExpExecArray, quote: string): Buffer | undefined {
  const [, byte, short, long, octal, letter] = found;
  if (letter !== undefined) {
    const otherQuote = quote === '"' ? "'" : '"';
    return letter === otherQuote ? undefined : Buffer.from(escapes[letter] ?? "");
  }
  const point = short ?? long;
  if (point === undefined) {
    const code = octal === undefined ? parseInt(byte ?? "", 16) : parseInt(octal, 8);
    if (code > 0xff) return undefined;
    // The constant of a character is that character; in a text it is one byte.
    return quote === "'" ? Buffer.from(String.fromCodePoint(code)) : Buffer.of(code);
  }
  const code = parseInt(point, 16);
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
  return Buffer.from(String.fromCodePoint(code));
}

/** What reading a number gives: its value, or what is wrong with it. */
export type NumberConstant = { readonly value: number } | { readonly fault: string };

const integer =
  /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/;
const decimal =
  /^[+-]?(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?$/;

/** The value of a number as Go's templates write it: `12`, `0x1F`, `0b11`, `017`, `1_000`, `2.5e3`, `'a'`. */
export function numberConstant(source: string): NumberConstant {
  if (source.startsWith("'")) {
    const code = unquote(source)?.codePointAt(0);
    return code === undefined ? { fault: `malformed character constant: ${source}` } : { value: code };
  }
  const sign = source.startsWith("-") ? -1 : 1;
  const digits = source.replace(/^[+-]/, "").replaceAll("_", "");
  if (integer.test(source)) {
    // Number() reads a leading 0 as decimal, Go as octal.
    const value = sign * Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
    return Number.isSafeInteger(value) ? { value: value + 0 } : { fault: `integer overflow: "${source}"` };
  }
  if (!decimal.test(source) || source.includes("_") || !/[.eE]/.test(source))
    return { fault: `illegal number syntax: "${source}"` };
  return { value: sign * Number(digits) };
}
