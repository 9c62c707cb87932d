import { newTable, type TomlTable } from "./toml-tree";

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
