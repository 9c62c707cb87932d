/** Words that a reader of YAML takes for something else than a text, in any of its versions. */
const reserved = /^(?:true|false|yes|no|on|off|y|n|null|~)$/i;

/** Texts that mean themselves without quotes: the beginning and the end are letters, or it is a path. */
const plain = /^[A-Za-z/](?:[\w/.,=@+() -]*[\w/.)+-])?$/;

/** Control characters, separators of lines and marks that turn the direction of writing, which JSON leaves as they are. */
const unsafe = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * A value of what JSON knows as YAML, the keys of each object in the order of their characters, as kpod 1.0 printed them.
 * A text that could be taken for something else stands in double quotes, with the escapes of JSON.
 */
export function yamlText(value: unknown): string {
  const lines = blockLines(value);
  return typeof lines === "string" ? `${lines}\n` : lines.map((line) => `${line}\n`).join("");
}

/** The lines of what has any, or the one text of all else. */
function blockLines(value: unknown): readonly string[] | string {
  if (isList(value)) {
    if (value.length === 0) return "[]";
    return value.flatMap((item) => {
      const inner = blockLines(item);
      if (typeof inner === "string") return [`- ${inner}`];
      return inner.map((line, index) => `${index === 0 ? "- " : "  "}${line}`);
    });
  }
  if (typeof value !== "object" || value === null) return scalarText(value);
  const entries = Object.entries<unknown>({ ...value }).filter(([, entry]) => entry !== undefined);
  if (entries.length === 0) return "{}";
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.flatMap(([key, entry]) => {
    const inner = blockLines(entry);
    if (typeof inner === "string") return [`${textOf(key)}: ${inner}`];
    // A list stands as far left as its key.
    const indent = isList(entry) ? "" : "  ";
    return [`${textOf(key)}:`, ...inner.map((line) => `${indent}${line}`)];
  });
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function scalarText(value: unknown): string {
  return typeof value === "string" ? textOf(value) : JSON.stringify(value ?? null);
}

function textOf(text: string): string {
  if (plain.test(text) && !reserved.test(text)) return text;
  return JSON.stringify(text).replace(
    unsafe,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
