/** A value as it stands in the text, comments and line ends inside a list included. */
export interface TomlLeaf {
  readonly type: "leaf";
  /** Line of the key, counted from 1. */
  readonly line: number;
  /** Line on which the value ends. */
  readonly lastLine: number;
  readonly text: string;
}

/** A table, whether written with a header, by dotted keys or in braces; its keys in the order of the text. */
export interface TomlTable {
  readonly type: "table";
  /** Line where the table is first named, counted from 1. */
  readonly line: number;
  readonly keys: Map<string, TomlNode>;
}

/** A list of tables, written with headers in double brackets. */
export interface TomlTables {
  readonly type: "tables";
  readonly line: number;
  readonly tables: TomlTable[];
}

export type TomlNode = TomlLeaf | TomlTable | TomlTables;

/** An empty table. */
export function newTable(line = 1): TomlTable {
  return { type: "table", line, keys: new Map() };
}

/**
 * The line on which a key stands, counted from 1: for a key within a value that is not taken apart, the line
 * of the value's own key; undefined when not even the first part of the path is there.
 */
export function lineOfKey(tree: TomlTable, path: readonly string[]): number | undefined {
  let line: number | undefined;
  let node: TomlNode | undefined = tree;
  for (const part of path) {
    node = node.type === "table" ? node.keys.get(part) : undefined;
    if (node === undefined) break;
    line = node.line;
  }
  return line;
}

/** The path of the key whose value takes up a line, from the line of the key to the end of the value. */
export function keyOnLine(tree: TomlTable, line: number): string[] | undefined {
  for (const [key, node] of tree.keys) {
    if (node.type === "leaf") {
      if (node.line <= line && line <= node.lastLine) return [key];
      continue;
    }
    for (const table of node.type === "table" ? [node] : node.tables) {
      const inner = keyOnLine(table, line);
      if (inner !== undefined) return [key, ...inner];
    }
  }
  return undefined;
}

/** The table at a path within another, made where it is not there yet. */
export function tableAt(from: TomlTable, path: readonly string[]): TomlTable {
  let table = from;
  for (const part of path) {
    const node = table.keys.get(part);
    if (node?.type === "table") {
      table = node;
      continue;
    }
    const made = newTable();
    table.keys.set(part, made);
    table = made;
  }
  return table;
}

/** The table at a path within another, undefined when it is not there. */
export function findTable(from: TomlTable, path: readonly string[]): TomlTable | undefined {
  let table = from;
  for (const part of path) {
    const node = table.keys.get(part);
    if (node?.type !== "table") return undefined;
    table = node;
  }
  return table;
}

/** Puts the keys of a table into another: tables are joined, all else takes the place of what was there. */
export function mergeTables(into: TomlTable, from: TomlTable): void {
  for (const [key, node] of from.keys) {
    const there = into.keys.get(key);
    if (node.type === "table" && there?.type === "table") mergeTables(there, node);
    else into.keys.set(key, node);
  }
}

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

/**
 * A whole document: of each table first its keys, then the tables in it. The writer of @iarna/toml gets values alone: it
 * would write `1.0` as `1`, `0xff` as 255 and 1024 as `1_024`, and lose the comments within lists, in keys that are not
 * kpod's to change.
 */
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
