type Table = Record<string, unknown>;

const odd = ["\r", "\v", "\f", "\u00a0", "\ufeff"];

const header = /^\[([\w-]+(?:\.[\w-]+)*)\]$/;
const pair = /^([\w-]+)[ \t]*=[ \t]*(.*)$/;
const integer = /^(?:0|-?[1-9]\d{0,14})$/;
/** A string in which nothing is escaped, and nothing stands that may stand in no TOML. */
const text = /^"([^"\\\0-\x08\x0a-\x1f\x7f]*)"$/;
/** The next of a list of such strings, with the comma or the bracket after it. */
const element = /[ \t\n]*"([^"\\\0-\x08\x0a-\x1f\x7f]*)"[ \t\n]*([,\]])/y;
const listEnd = /[ \t\n]*\]/y;
/** The next of a table in one line, with the comma or the bracket after it. */
const member = /[ \t]*([\w-]+)[ \t]*=[ \t]*"([^"\\\0-\x08\x0a-\x1f\x7f]*)"[ \t]*([,}])/y;

/**
 * Reads TOML that consists of nothing but what configuration files usually hold: tables, and keys with strings,
 * whole numbers, true, false, lists of strings, and tables of strings in one line. The parser of all of TOML takes longer to load and to run than
 * kpod takes for a list of containers.
 * @returns undefined where the text holds anything else, a mistake for example: then the parser has to read it
 */
export function parsePlainToml(source: string): Table | undefined {
  // Ends of lines as on other systems, and what JavaScript takes for blanks and TOML does not.
  if (odd.some((character) => source.includes(character))) return undefined;
  const lines = source.split("\n");
  const root: Table = {};
  const opened = new Set<string>();
  let table: Table | undefined = root;
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? "").trim();
    if (line === "" || line.startsWith("#")) continue;
    const path = header.exec(line)?.[1];
    if (path !== undefined) {
      table = opened.has(path) ? undefined : tableAt(root, path.split("."));
      if (table === undefined) return undefined;
      opened.add(path);
      continue;
    }
    const [, key, start = ""] = pair.exec(line) ?? [];
    if (key === undefined || key === "__proto__" || Object.hasOwn(table, key)) return undefined;
    if (start.startsWith("[")) {
      const list = listFrom(lines, at);
      if (list === undefined) return undefined;
      table[key] = list.values;
      at = list.end;
      continue;
    }
    const value = start.startsWith("{") ? inlineTable(start) : scalar(start);
    if (value === undefined) return undefined;
    table[key] = value;
  }
  return root;
}

/** The table at a path, made where it is not there; undefined where something else stands in the way. */
function tableAt(root: Table, path: readonly string[]): Table | undefined {
  let table = root;
  for (const key of path) {
    if (key === "__proto__") return undefined;
    const found = Object.hasOwn(table, key) ? table[key] : (table[key] = {});
    if (typeof found !== "object" || found === null || Array.isArray(found)) return undefined;
    // A table in one line is all that there is of it.
    if (Object.isFrozen(found)) return undefined;
    table = found as Table;
  }
  return table;
}

function scalar(value: string): string | number | boolean | undefined {
  if (value === "true") return true;
  if (value === "false") return false;
  return text.exec(value)?.[1] ?? (integer.test(value) ? Number(value) : undefined);
}

/** A table that takes the whole of a text; frozen, since nothing may be added. */
function inlineTable(source: string): Table | undefined {
  const table: Table = {};
  if (/^\{[ \t]*\}$/.test(source)) return Object.freeze(table);
  for (let at = 1; ; at = member.lastIndex) {
    member.lastIndex = at;
    const [, key, value, after] = member.exec(source) ?? [];
    if (key === undefined || key === "__proto__" || Object.hasOwn(table, key)) return undefined;
    table[key] = value;
    if (after === "}") return member.lastIndex === source.length ? Object.freeze(table) : undefined;
  }
}

/** A list that begins in a line, and the line in which it ends. */
function listFrom(lines: readonly string[], first: number): { values: string[]; end: number } | undefined {
  for (let end = first; end < lines.length; end++) {
    const last = (lines[end] ?? "").trim();
    if (!last.endsWith("]")) continue;
    const whole = lines
      .slice(first, end + 1)
      // Within a list comments stand in lines of their own, too.
      .filter((line) => !line.trim().startsWith("#"))
      .join("\n")
      .trimEnd();
    const values = elements(whole, whole.indexOf("[") + 1);
    if (values !== undefined) return { values, end };
  }
  return undefined;
}

/** The strings of a list that ends with the text. */
function elements(list: string, start: number): string[] | undefined {
  const values: string[] = [];
  for (let at = start; ; at = element.lastIndex) {
    listEnd.lastIndex = at;
    if (listEnd.test(list)) return listEnd.lastIndex === list.length ? values : undefined;
    element.lastIndex = at;
    const [, value, after] = element.exec(list) ?? [];
    if (value === undefined) return undefined;
    values.push(value);
    if (after === "]") return element.lastIndex === list.length ? values : undefined;
  }
}
