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
