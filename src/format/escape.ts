import { isPlain } from "./width";

// C0, DEL and C1 steer terminals; line separators and the marks that turn the direction of writing make a
// line look like another one.
const unsafe = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Text from disk made safe for a terminal: control characters become visible (`\x1b`, `\n`), everything else
 * stays as it is.
 */
export function escapeControl(text: string): string {
  // Nearly all is plain.
  if (isPlain(text)) return text;
  return text.replace(unsafe, (character) => named[character] ?? escapeCharacter(character));
}

/** Many texts made safe for a terminal as by {@link escapeControl}. */
export function escapeEach(texts: readonly string[]): readonly string[] {
  // One look at all together is the fastest.
  return isPlain(texts.join("")) ? texts : texts.map(escapeControl);
}

/** Text made safe for a terminal as by {@link escapeControl}, but line feeds and tabs stay what they are. */
export function escapeLines(text: string): string {
  return text.replace(unsafe, (character) =>
    character === "\n" || character === "\t" ? character : (named[character] ?? escapeCharacter(character)),
  );
}

/** Text of several lines in one line, safe for a terminal. */
export function oneLine(text: string): string {
  return escapeControl(text.trim().replace(/\s*[\r\n]\s*/g, " "));
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}
