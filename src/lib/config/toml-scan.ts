import { newTable, type TomlNode, type TomlTable } from "./toml-tree";

/**
 * Lays out a TOML text as a tree that knows the line of every key and the exact text of every value, which
 * the parser does not tell. The text should be valid TOML; of one that is not, the tree holds what could be
 * made out, and a broken value reaches to the end of its line or, where a bracket or a quote was never
 * closed, of the text.
 */
export function scanToml(text: string): TomlTable {
  return new TomlScanner(text).scan();
}

const bareKey = /[A-Za-z0-9_-]+/y;
const basicString = /"((?:[^"\\\n]|\\.)*)"/y;
const literalString = /'([^'\n]*)'/y;
// A multi-line string may end in one or two quotes of its own before the three that close it.
const multiLineString = /"""(?:[^\\]|\\[^])*?"{3,5}|'''[^]*?'{3,5}/y;
const bareValue = /[^,\]}#\n]*/y;

class TomlScanner {
  private position = 0;
  private line = 1;
  /** Up to where line ends have been counted into `line`. */
  private counted = 0;

  constructor(private readonly text: string) {}

  scan(): TomlTable {
    const root = newTable();
    let table = root;
    for (;;) {
      this.skipBlank();
      if (this.position >= this.text.length) return root;
      if (this.at("[")) table = this.header(root);
      else this.pair(table);
      this.skipToLineEnd();
    }
  }

  /** `[a.b]` or `[[a.b]]`: the table that the keys after it belong to. */
  private header(root: TomlTable): TomlTable {
    const line = this.lineHere();
    const isList = this.text.startsWith("[[", this.position);
    this.position += isList ? 2 : 1;
    const path = this.key();
    const last = path.pop();
    const parent = this.descend(root, path, line);
    if (last === undefined) return newTable(line);
    if (!isList) return this.descend(parent, [last], line);
    const list = parent.keys.get(last);
    const table = newTable(line);
    if (list?.type === "tables") list.tables.push(table);
    else parent.keys.set(last, { type: "tables", line, tables: [table] });
    return table;
  }

  /** `key = value`. */
  private pair(table: TomlTable): void {
    const line = this.lineHere();
    const path = this.key();
    const last = path.pop();
    this.skipSpaces();
    if (last === undefined || !this.at("=")) return;
    this.position += 1;
    this.skipSpaces();
    this.descend(table, path, line).keys.set(last, this.value(line));
  }

  /** The table at a path, made where it is not there yet. */
  private descend(from: TomlTable, path: readonly string[], line: number): TomlTable {
    let table = from;
    for (const part of path) {
      const node = table.keys.get(part);
      const known = node?.type === "tables" ? node.tables.at(-1) : node;
      if (known?.type === "table") {
        table = known;
        continue;
      }
      const made = newTable(line);
      table.keys.set(part, made);
      table = made;
    }
    return table;
  }

  /** The parts of a dotted key. */
  private key(): string[] {
    const parts: string[] = [];
    do {
      this.skipSpaces();
      const part = this.keyPart();
      if (part === undefined) break;
      parts.push(part);
      this.skipSpaces();
    } while (this.take("."));
    return parts;
  }

  private keyPart(): string | undefined {
    if (this.at('"')) {
      const quoted = this.match(basicString)?.[1];
      return quoted === undefined ? undefined : unescape(quoted);
    }
    return this.at("'") ? this.match(literalString)?.[1] : this.match(bareKey)?.[0];
  }

  private value(line: number): TomlNode {
    if (this.at("{")) return this.inlineTable(line);
    const start = this.position;
    if (this.at("[")) this.skipList();
    else if (!this.skipString()) this.match(bareValue);
    return {
      type: "leaf",
      line,
      text: this.text.slice(start, this.position).trimEnd(),
      lastLine: this.lineHere(),
    };
  }

  private inlineTable(line: number): TomlTable {
    const table = newTable(line);
    this.position += 1;
    while (this.position < this.text.length) {
      this.skipBlank();
      if (this.take("}")) break;
      const before = this.position;
      this.pair(table);
      this.skipBlank();
      if (!this.take(",") && this.position === before) this.position += 1;
    }
    return table;
  }

  private skipList(): void {
    let depth = 0;
    while (this.position < this.text.length) {
      this.skipBlank();
      if (this.skipString()) continue;
      if (this.at("[") || this.at("{")) depth += 1;
      if (this.at("]") || this.at("}")) depth -= 1;
      this.position += 1;
      if (depth === 0) return;
    }
  }

  /** Goes over a string, whichever of the four forms it has. False when none begins here. */
  private skipString(): boolean {
    if (!this.at('"') && !this.at("'")) return false;
    if (this.match(multiLineString) !== undefined) return true;
    const isOpen = this.text.startsWith('"""', this.position) || this.text.startsWith("'''", this.position);
    if (isOpen) this.position = this.text.length;
    else if (!this.match(basicString) && !this.match(literalString)) this.skipToLineEnd();
    return true;
  }

  /** Goes over spaces, line ends and comments. */
  private skipBlank(): void {
    for (;;) {
      if (this.at("#")) this.skipToLineEnd();
      else if (!this.take(" ") && !this.take("\t") && !this.take("\n") && !this.take("\r")) return;
    }
  }

  private skipSpaces(): void {
    while (this.take(" ") || this.take("\t"));
  }

  private skipToLineEnd(): void {
    const end = this.text.indexOf("\n", this.position);
    this.position = end === -1 ? this.text.length : end;
  }

  private at(character: string): boolean {
    return this.text[this.position] === character;
  }

  private take(character: string): boolean {
    if (!this.at(character)) return false;
    this.position += 1;
    return true;
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text) ?? undefined;
    if (found !== undefined) this.position = pattern.lastIndex;
    return found;
  }

  /** The line of the present position. The position only moves forward, so each line end is counted once. */
  private lineHere(): number {
    for (; this.counted < this.position; this.counted += 1) {
      if (this.text[this.counted] === "\n") this.line += 1;
    }
    return this.line;
  }
}

const escapes: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r" };

/** The text that a basic string stands for. */
function unescape(quoted: string): string {
  return quoted.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/g,
    (whole: string, short?: string, long?: string, letter?: string) => {
      if (letter !== undefined) return escapes[letter] ?? letter;
      const code = parseInt(short ?? long ?? "", 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
