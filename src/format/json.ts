// JSON escapes C0 itself. These would reach a terminal as they are, or turn the direction of writing; they can
// stand inside strings only, so that each may be replaced by its escape.
const unsafe = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * A value as JSON, indented by 4, with a line feed at the end. Nothing is escaped for HTML; what could steer a
 * terminal is written as `\u009b`.
 */
export function jsonText(value: unknown): string {
  return `${escapeUnsafe(JSON.stringify(value, undefined, 4))}\n`;
}

/** A value as JSON in one line, with a line feed at the end: for output that comes piece by piece. */
export function jsonLine(value: unknown): string {
  return `${escapeUnsafe(JSON.stringify(value))}\n`;
}

function escapeUnsafe(json: string): string {
  return json.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
