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
