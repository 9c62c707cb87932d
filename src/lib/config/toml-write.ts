import type { TomlTable } from "./toml-tree";

const lineWidth = 100;

/** A string as TOML: JSON's escapes are TOML's too, but for DEL, which JSON lets stand. */
export function writeString(value: string): string {
  return JSON.stringify(value).replaceAll("\x7f", "\\u007f");
}

/** A list of strings as TOML, on one line where it fits. */
export function writeList(values: readonly string[]): string {
  const items = values.map(writeString);
  const short = `[${items.join(", ")}]`;
  return short.length <= lineWidth ? short : `[\n${items.map((item) => `  ${item},\n`).join("")}]`;
}

/** A table of strings as TOML on one line. */
export function writeStringTable(values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(([key, value]) => `${writeKey([key])} = ${writeString(value)}`);
  return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
}

/** A key, dotted when it has several parts, each quoted where it must be. */
export function writeKey(parts: readonly string[]): string {
  return parts.map((part) => (/^[A-Za-z0-9_-]+$/.test(part) ? part : writeString(part))).join(".");
}

/** A whole document: of each table first its keys, then the tables in it. */
export function writeToml(document: TomlTable): string {
  return [...writeTable([], document)].join("\n\n") + "\n";
}

/** The blocks of a table and of all tables in it, each with its header. */
function* writeTable(path: string[], table: TomlTable, header = `[${writeKey(path)}]`): Generator<string> {
  const lines: string[] = [];
  for (const [key, node] of table.keys) {
    if (node.type === "leaf") lines.push(`${writeKey([key])} = ${node.text}`);
  }
  // A table that only holds tables needs no header of its own; an empty one, and each of a list, does.
  const needed = path.length > 0 && (lines.length > 0 || table.keys.size === 0 || header.startsWith("[["));
  if (needed) lines.unshift(header);
  if (lines.length > 0) yield lines.join("\n");
  for (const [key, node] of table.keys) {
    const inner = [...path, key];
    if (node.type === "table") yield* writeTable(inner, node);
    if (node.type !== "tables") continue;
    for (const item of node.tables) yield* writeTable(inner, item, `[[${writeKey(inner)}]]`);
  }
}
