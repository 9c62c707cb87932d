import { UsageError } from "../../src/shell/errors";
import type { FlagSpecs, ParsedFlags } from "../../src/shell/flags";
import { parseByCommander } from "../../src/program/parser";
import { parsePlainFlags } from "../../src/program/plain-flags";
import { sequence } from "../helpers/sequence";

const specs = {
  all: { short: "a", help: "" },
  quiet: { short: "q", help: "" },
  filter: { short: "f", argument: "KEY=VALUE", repeatable: true, help: "" },
  last: { short: "n", argument: "N", type: "integer", minimum: 0, help: "" },
  watch: { short: "w", argument: "SECONDS", type: "number", implied: 2, help: "" },
  level: { argument: "LEVEL", choices: ["info", "warn"], default: "warn", help: "" },
  format: { argument: "FORMAT", help: "" },
} as const satisfies FlagSpecs;

type Outcome = { given: Record<string, unknown>; args: readonly string[] } | string;

function outcome(parse: () => ParsedFlags): Outcome {
  try {
    const { given, args } = parse();
    return { given: Object.fromEntries(given), args };
  } catch (error) {
    if (error instanceof UsageError) return "refused";
    throw error;
  }
}

test.each([
  ["", {}, []],
  ["a b", {}, ["a", "b"]],
  ["-a --quiet x", { all: true, quiet: true }, ["x"]],
  ["-f a=b --filter=c=d", { filter: ["a=b", "c=d"] }, []],
  ["--last 5 -", { last: 5 }, ["-"]],
  ["--level info", { level: "info" }, []],
])("%j is read without the parser", (line, given, args) => {
  const words = line === "" ? [] : line.split(" ");
  const read = parsePlainFlags(words, specs, { stopAtArgument: false });
  expect(read && { given: Object.fromEntries(read.given), args: read.args }).toEqual({ given, args });
});

test.each([
  "-aq",
  "-n5",
  "-n=5",
  "--all=true",
  "--unknown",
  "-x",
  "-w",
  "--",
  "--last",
  "--last --all",
  "-9",
])("%j is left to the parser", (line) => {
  expect(parsePlainFlags(line.split(" "), specs, { stopAtArgument: false })).toBeUndefined();
});

test.each([true, false])("what is read is what the parser reads, arguments ending the flags: %s", (stops) => {
  const pieces = [
    "-a",
    "--all",
    "-q",
    "-f",
    "--filter",
    "a=b",
    "--filter=c",
    "-n",
    "5",
    "-5",
    "x",
    "--last=7",
  ];
  pieces.push(
    "--level",
    "warn",
    "loud",
    "--format",
    "json",
    "",
    "-",
    "--",
    "-w",
    "-aq",
    "--nothing",
    "--level=info",
  );
  const next = sequence(3);
  let read = 0;
  for (let round = 0; round < 4000; round++) {
    const words = Array.from({ length: next(5) }, () => pieces[next(pieces.length)] ?? "");
    let plain: ParsedFlags | undefined;
    const ours = outcome(() => {
      plain = parsePlainFlags(words, specs, { stopAtArgument: stops });
      return plain ?? { given: new Map(), args: [] };
    });
    if (plain === undefined && ours !== "refused") continue;
    read++;
    const theirs = outcome(() => parseByCommander(words, specs, { stopAtArgument: stops }));
    expect([words, ours]).toEqual([words, theirs]);
  }
  expect(read).toBeGreaterThan(600);
});
