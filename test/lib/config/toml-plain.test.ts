import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import parseString from "@iarna/toml/parse-string";
import { parsePlainToml } from "../../../src/lib/config/toml-plain";
import { sequence } from "../../helpers/sequence";

/** What the parser of all of TOML makes of a text, as plain data; undefined where it refuses it. */
function reference(source: string): unknown {
  try {
    return JSON.parse(JSON.stringify(parseString(source)));
  } catch {
    return undefined;
  }
}

const plain = `# A configuration
root = "/var/lib/containers"
size=-1
zero = 0
flag\t=\ttrue

[crio]
  storage_option = [ "a=b", "c" ]
  none = []
[crio.runtime]
off = false
pull = {a = "1", b-c = "2 }", d=""}
empty = { }
"#" = "no"
`.replace('"#" = "no"\n', "");

const lists = `[a.b]
long = [
  "one",
  # "left out",
  "tw]o",

  "#three",
]
[a]
short = ["x" , "y",]
[c-d.e_f]
é = 1
`.replace("é = 1\n", 'word = "é ’ 𝄞"\n');

test.each([
  ["nothing", ""],
  ["comments", "# a = 1\n\n  # [b]\n"],
  ["keys and tables", plain],
  ["lists", lists],
])("%s are read as the parser reads them", (_, source) => {
  expect(reference(source)).toBeDefined();
  expect(parsePlainToml(source)).toEqual(reference(source));
});

test.each([
  'a = "\\n"',
  "a = 'b'",
  'a = """b"""',
  "a = 1.5",
  "a = 1_000",
  "a = +1",
  "a = -0",
  "a = 0x10",
  "a = 9007199254740993",
  "a = 2026-11-23",
  "a = { b = 1 }",
  'a = { b = "c", }',
  'a = { b = "c", b = "d" }',
  'a = { b = "c"',
  'a = { b.c = "d" }',
  'a = { b = { c = "d" } }',
  'a = { b = "c" }\n[a]\nd = 1',
  'a = { b = "c" }\n[a.d]',
  "a.b = 1",
  '"a" = 1',
  "a = [1, 2]",
  'a = ["b", 1]',
  'a = [["b"]]',
  'a = "b" # c',
  "[[a]]",
  "[a . b]",
  "a = 1\r\n",
  "a = 1\na = 2",
  "[a]\n[a]",
  "a = 1\n[a]",
  "a = 1\n[a.b]",
  "a = ",
  "a",
  "[a",
  'a = ["b"',
  'a = ["b" "c"]',
  'a = [, "b"]',
  'a = ["b",, "c"]',
  'a = "b',
  'a = "b" c',
  "__proto__ = 1",
  "[__proto__]\na = 1",
  "a = 1\u0000",
])("%j is left to the parser", (source) => {
  expect(parsePlainToml(source)).toBeUndefined();
});

test("whatever is done to a text, it is read as the parser reads it or left to it", () => {
  const pieces = [
    '"',
    "[",
    "]",
    "=",
    ",",
    "\n",
    "#",
    " ",
    "\t",
    "\\",
    ".",
    "a",
    "1",
    "-",
    "_",
    "[a]\n",
    'b = "c"\n',
    "'",
    "é",
    "{",
    "}",
    "true",
  ];
  const next = sequence(7);
  let read = 0;
  for (let round = 0; round < 4000; round++) {
    let source = round % 2 === 0 ? plain : lists;
    for (let edits = next(3) + 1; edits > 0; edits--) {
      const at = next(source.length + 1);
      const piece = next(3) === 0 ? "" : (pieces[next(pieces.length)] ?? "");
      source = source.slice(0, at) + piece + source.slice(at + next(4));
    }
    const found = parsePlainToml(source);
    if (found === undefined) continue;
    read++;
    expect([source, found]).toEqual([source, reference(source)]);
  }
  expect(read).toBeGreaterThan(400);
});

const captured = process.env.KPOD_CRIO_DATA ?? "";
const files = existsSync(captured)
  ? readdirSync(captured, { recursive: true, encoding: "utf8" }).filter((name) =>
      /crio\.conf(\.defaults)?$/.test(name),
    )
  : [];

// Without the directory of captured data there is nothing to compare.
(files.length > 0 ? test.each(files) : test.skip.each(["no KPOD_CRIO_DATA"]))("captured %s", (name) => {
  const source = readFileSync(join(captured, name), "utf8");
  const found = parsePlainToml(source);
  if (found !== undefined) expect(found).toEqual(reference(source));
  // The defaults with all their comments are what most nodes have.
  if (name.endsWith("crio.conf")) expect(found).toBeDefined();
});
