import { flagValues } from "../../src/program/flag-values";
import { parseFlags } from "../../src/program/parser";
import type { FlagSpecs } from "../../src/shell/flags";
import { UsageError } from "../../src/shell/errors";

const specs = {
  all: { short: "a", help: "" },
  watch: { short: "w", argument: "SECONDS", type: "number", minimum: 0.1, implied: 2, help: "" },
  format: { argument: "FORMAT", help: "" },
} as const satisfies FlagSpecs;

const parse = (line: string) =>
  parseFlags(line === "" ? [] : line.split(" "), specs, { stopAtArgument: false });

test.each([
  ["", undefined, []],
  ["-w", 2, []],
  ["--watch", 2, []],
  ["-w 5", 5, []],
  ["-w5", 5, []],
  ["-w=0.5", 0.5, []],
  ["--watch 5", 5, []],
  ["--watch=5", 5, []],
  ["--watch .5", 0.5, []],
  ["-w word", 2, ["word"]],
  ["-w --format json", 2, []],
  ["-w -a", 2, []],
  ["-aw", 2, []],
  ["-aw 3", 3, []],
  ["-aw3", 3, []],
  ["-w -- 5", 2, ["5"]],
])("%j: the value is %s", (line, value, args) => {
  const parsed = parse(line);
  expect(parsed.given.get("watch")).toBe(value);
  expect(parsed.args).toEqual(args);
});

test("short flags can follow it in one word", () => {
  const { given } = parse("-wa");
  expect([...given]).toEqual([
    ["watch", 2],
    ["all", true],
  ]);
});

test.each(["--watch=", "-w x=1 --watch=soon", "-w0", "--watch=-1", "-w 5s", "-w -x"])(
  "%j is refused",
  (line) => {
    expect(() => parse(line)).toThrow(UsageError);
  },
);

test.each([
  ["", true],
  ["--verify", true],
  ["--verify=false", false],
  ["--verify=false --verify", true],
  ["--verify=0 word", false],
])("%j: a switch that is on by default is %s", (line, value) => {
  const on = { verify: { default: true, help: "" } } as const satisfies FlagSpecs;
  const { given } = parseFlags(line === "" ? [] : line.split(" "), on, { stopAtArgument: false });
  expect(flagValues(on, given)).toEqual({ verify: value });
});
