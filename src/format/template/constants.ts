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

const escape = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\'"]))/;

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
    const found = escape.exec(rest);
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
