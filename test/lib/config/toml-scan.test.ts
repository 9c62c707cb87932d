import parseString from "@iarna/toml/parse-string";
import { scanToml } from "../../../src/lib/config/toml-scan";
import { keyOnLine, lineOfKey, type TomlNode } from "../../../src/lib/config/toml-tree";

const text = `# a comment with [brackets] and = signs
title = "top" # and [one] after a value

[ crio . runtime ] # spaces within
pids_limit = 5
conmon_env = [
  "A=1", # a ] in a comment
  "B=[", 'C="',
  [ "nested" ],
]
log.level = "info"
log."max size" = 3
'quoted = key' = { inner = { deep = 1 }, "b.c" = [ { x = 1 }, { y = "}" } ], last = true }
"tab\\tkey" = 1

note = """
[crio.image]
pause_image = "not a key"
ends in quotes """""
literal = '''
pids_limit = 7
'''
after = 1979-05-27 07:32:00 # a date

[[hooks]]
name = "one"
[hooks.when]
always = true
[[hooks]]
name = "two"

[crio.image]
pause_image = 'x # y'
`;

describe("the line of a key", () => {
  const tree = scanToml(text);

  test.each<[string[], number | undefined]>([
    [["title"], 2],
    [["crio"], 4],
    [["crio", "runtime"], 4],
    [["crio", "runtime", "pids_limit"], 5],
    [["crio", "runtime", "conmon_env"], 6],
    [["crio", "runtime", "log"], 11],
    [["crio", "runtime", "log", "level"], 11],
    [["crio", "runtime", "log", "max size"], 12],
    [["crio", "runtime", "quoted = key", "inner", "deep"], 13],
    [["crio", "runtime", "quoted = key", "b.c"], 13],
    [["crio", "runtime", "tab\tkey"], 14],
    [["crio", "runtime", "note"], 16],
    [["crio", "runtime", "literal"], 20],
    [["crio", "runtime", "after"], 23],
    [["crio", "image", "pause_image"], 33],
    [["crio", "runtime", "conmon_env", "1"], 6],
    [["hooks"], 25],
    [["nowhere"], undefined],
  ])("%j", (path, line) => {
    expect(lineOfKey(tree, path)).toBe(line);
  });

  test("CRLF ends lines too", () => {
    expect(lineOfKey(scanToml("[a]\r\n# c\r\nx = [\r\n1,\r\n]\r\ny = 2\r\n"), ["a", "y"])).toBe(6);
  });
});

test("the key that takes up a line is found, in lists of tables too", () => {
  const tree = scanToml(text);
  expect([1, 5, 8, 10, 18, 27, 28, 30].map((line) => keyOnLine(tree, line))).toEqual([
    undefined,
    ["crio", "runtime", "pids_limit"],
    ["crio", "runtime", "conmon_env"],
    ["crio", "runtime", "conmon_env"],
    ["crio", "runtime", "note"],
    undefined,
    ["hooks", "when", "always"],
    ["hooks", "name"],
  ]);
});

test("the texts of all values parse to what the parser makes of the whole", () => {
  expect(valueOf(scanToml(text))).toEqual(parseString(text));
});

test.each([
  ["an escaped quote", `a = "x\\"y" # "`],
  ["a backslash before the closing quote", `a = "x\\\\"\nb = 1`],
  ["empty strings of all kinds", `a = ""\nb = ''\nc = """"""\nd = ''''''\ne = 1`],
  ["quotes at both ends of a multi-line string", `a = """"x"y""""\nb = 1`],
  ["an escaped quote in a multi-line string", `a = """x\\"""y"""\nb = 1`],
  ["a multi-line string in a list", `a = ["""]\n""", ''']\n'''] # ]\nb = 1`],
  ["an empty table in braces", `a = {}\nb = 1`],
  ["a list without anything in it", `a = [\n  # nothing\n]\nb = 1`],
  ["numbers of all kinds", `a = 0x1f\nb = 1_000\nc = -1.5e3\nd = inf\ne = 9007199254740993`],
  ["escaped characters in keys", `"\\u00e9\\U0001F600\\"" = 1\n"" = 2`],
  ["a list of tables within one", `[[a]]\n[[a.b]]\nx=1\n[[a.b]]\nx=2\n[[a]]\n[[a.b]]\nx=3`],
  ["a header that comes after its own table's", `[a.b]\nx = 1\n[a]\ny = 2`],
  ["no line end at the end", `a = 1`],
  ["nothing", ``],
])("%s", (_what, toml) => {
  expect(valueOf(scanToml(toml))).toEqual(parseString(toml));
});

test.each([
  `a = "open\nb = 1`,
  `a = [1, 2\nb = 1`,
  `a = """open\nb = 1`,
  `a = { x = 1\nb = 1`,
  `[a\nb = 1`,
  `= 1\nb = 1`,
  `a = 1\na.b = 2\n[a.c]\n[[a]]`,
  `a = { ,,, = }\n`,
  `"a = 1`,
  `[[]]\n[]`,
  `]`,
])("what is not TOML comes to an end: %j", (broken) => {
  expect(scanToml(broken).type).toBe("table");
});

/** What a tree stands for, each value parsed by itself. */
function valueOf(node: TomlNode): unknown {
  if (node.type === "leaf") return parseString(`value = ${node.text}`).value;
  if (node.type === "tables") return node.tables.map(valueOf);
  return Object.fromEntries([...node.keys].map(([key, inner]) => [key, valueOf(inner)]));
}
