type Table = Record<string, unknown>;

/** Ends of lines as on other systems, and what JavaScript takes for blanks and TOML does not. */
const odd =
  "\r\v\f\u00a0\ufeff\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000".split(
    "",
  );

const integer = /^(?:0|-?[1-9]\d{0,14})$/;
/** The next of a list of such strings, with the comma or the bracket after it. */
const element = /[ \t\n]*"([^"\\\0-\x08\x0a-\x1f\x7f]*)"[ \t\n]*([,\]])/y;
const listEnd = /[ \t\n]*\]/y;

/**
 * Reads TOML that consists of nothing but what configuration files usually hold: tables, and keys with strings,
 * whole numbers, true, false, lists of strings, and tables of strings in one line. To load and to
 * run the parser of all of TOML would make a look at the containers of a node with a usual crio.conf 6 to 9 % longer.
 * @returns undefined where the text holds anything else, a mistake for example: then the parser has to read it
 */
export function parsePlainToml(source: string): Table | undefined {
  if (odd.some((character) => source.includes(character))) return undefined;
  const lines = source.split("\n");
  const root: Table = {};
  const opened = new Set<string>();
  let table: Table | undefined = root;
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? "").trim();
    if (line === "" || line.startsWith("#")) continue;
    const path = headerPath(line);
    if (path !== undefined) {
      table = opened.has(path) ? undefined : tableAt(root, path.split("."));
      if (table === undefined) return undefined;
      opened.add(path);
      continue;
    }
    const equals = line.indexOf("=");
    const key = line.slice(0, Math.max(0, equals)).trimEnd();
    const start = line.slice(equals + 1).trimStart();
    if (!isBareKey(key) || key === "__proto__" || Object.hasOwn(table, key)) return undefined;
    if (start === "[]") {
      table[key] = [];
      continue;
    }
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
  return plainString(value) ?? (integer.test(value) ? Number(value) : undefined);
}

// Looked at a character at a time: to compile a regular expression takes longer than the few lines that most files have.

/** What stands between the brackets of a table's header; undefined for other lines. */
function headerPath(line: string): string | undefined {
  if (!line.startsWith("[") || !line.endsWith("]")) return undefined;
  const path = line.slice(1, -1);
  return path.split(".").every(isBareKey) ? path : undefined;
}

/** True for letters, digits, `_` and `-`, at least one of them. */
function isBareKey(key: string): boolean {
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    const isDigit = code >= 0x30 && code <= 0x39;
    if (!isLetter && !isDigit && code !== 0x5f && code !== 0x2d) return false;
  }
  return key !== "";
}

/** A string in which nothing is escaped, and nothing stands that may stand in no TOML. */
function plainString(value: string): string | undefined {
  if (!value.startsWith('"') || value.length < 2) return undefined;
  if (value.indexOf('"', 1) !== value.length - 1 || value.includes("\\")) return undefined;
  for (let at = 1; at < value.length - 1; at++) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return undefined;
  }
  return value.slice(1, -1);
}

/** A table that takes the whole of a text; frozen, since nothing may be added. */
function inlineTable(source: string): Table | undefined {
  if (!source.endsWith("}")) return undefined;
  const inner = source.slice(1, -1).trim();
  const table: Table = {};
  // A comma within a string cuts that in two, of which neither half is one.
  for (const member of inner === "" ? [] : inner.split(",")) {
    const equals = member.indexOf("=");
    const key = member.slice(0, Math.max(0, equals)).trim();
    const value = plainString(member.slice(equals + 1).trim());
    if (value === undefined || !isBareKey(key) || key === "__proto__" || Object.hasOwn(table, key))
      return undefined;
    table[key] = value;
  }
  return Object.freeze(table);
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
