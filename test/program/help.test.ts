import { command } from "../../src/program/command";
import { UnknownCommandError } from "../../src/shell/errors";
import { plainColors } from "../../src/shell/colors";
import { helpText } from "../../src/program/help";

const load = () => Promise.resolve({ run: () => 0 });

const commands = [
  command(
    "list",
    {
      group: "look",
      order: 10,
      summary: "List things",
      usage: "[flags] [NAME...]",
      arguments: { min: 0, name: "NAME..." },
      flags: {
        size: { short: "s", help: "Sizes too" },
        last: {
          argument: "N",
          type: "integer",
          default: 3,
          help: "So many of the things that were made last, which is a text that is too long for one line",
        },
        secret: { help: "Not shown", hidden: true },
      },
      examples: [{ command: "kpod list -s", does: "List things with sizes" }],
    },
    load,
  ),
  command(
    "pod make",
    {
      group: "pods",
      order: 10,
      summary: "Make a pod",
      usage: "",
      arguments: { min: 0, max: 0, name: "no arguments" },
      flags: {},
      examples: [],
    },
    load,
  ),
];
const help = (path: readonly string[], columns?: number) =>
  helpText(commands, path, { colors: plainColors, columns });

test("a command's help: usage, flags with short forms and defaults, examples, then global flags", () => {
  expect(help(["list"])).toContain(
    [
      "Usage: kpod list [flags] [NAME...]",
      "",
      "List things",
      "",
      "Flags:",
      "  -s, --size    Sizes too",
      "      --last N  So many of the things that were made last, which is a text that",
      "                is too long for one line (default 3)",
      "",
      "Examples:",
      "  kpod list -s",
      "      List things with sizes",
      "",
      "Global flags:",
      "  -c, --config PATH            Configuration file",
    ].join("\n"),
  );
});

test("the short form that a command takes for itself is not shown as a global one", () => {
  expect(help(["list"])).toContain("\n      --storage-driver DRIVER");
  expect(help(["pod", "make"])).toContain("\n  -s, --storage-driver DRIVER");
});

test("a command without flags and examples has no such sections", () => {
  expect(help(["pod", "make"])).toMatch(/^Usage: kpod pod make\n\nMake a pod\n\nGlobal flags:\n/);
});

test("the help of kpod groups its commands", () => {
  expect(help([])).toContain(
    "\n\nLook:\n  list      List things\n\nPods:\n  pod make  Make a pod\n\nGlobal flags:\n",
  );
});

test("the help of a family lists its commands alone", () => {
  expect(help(["pod"])).toMatch(/^Usage: kpod pod COMMAND \[flags\] \[ARGUMENTS\]\n\nPods:\n {2}pod make/);
  expect(help(["pod"])).not.toContain("List things");
});

test("a narrow terminal gets narrower help", () => {
  const flags = help(["list"], 50).split("Examples:")[0] ?? "";
  expect(Math.max(...flags.split("\n").map((line) => line.length))).toBeLessThanOrEqual(50);
});

test("headings are painted where colours are wanted", () => {
  const bold = (text: string) => `<${text}>`;
  const text = helpText(commands, [], { colors: { ...plainColors, bold }, columns: 80 });
  expect(text).toMatch(/^<Usage:> kpod/);
  expect(text).toContain("\n<Look:>\n");
});

test("there is no help for what is not there", () => {
  expect(() => help(["lis"])).toThrow(UnknownCommandError);
  expect(() => help(["list", "x"])).toThrow(UnknownCommandError);
});
