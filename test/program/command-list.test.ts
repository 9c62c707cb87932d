import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { plainColors } from "../../src/shell/colors";
import { helpText } from "../../src/program/help";
import { propertyOf } from "../../src/shell/flags";
import { globalFlags } from "../../src/shell/global-flags";
import { parseCommandLine } from "../../src/program/parser";
import { commands } from "../../src/program/command-list";

const named = commands.map((command) => [command.path.join(" "), command] as const);
const plain = { colors: plainColors, columns: undefined };

test("no two named are called the same, and none is called as a family is", () => {
  const names = named.map(([name]) => name);
  expect(names).toEqual([...new Set(names)]);
  for (const name of names) expect(names.filter((other) => other.startsWith(`${name} `))).toEqual([]);
});

test.each(named)("%s: its flags are told apart from each other and from the global ones", (_, command) => {
  const longs = [...Object.keys(command.flags), ...Object.keys(globalFlags)];
  expect(longs.map(propertyOf)).toEqual([...new Set(longs.map(propertyOf))]);
  const shorts = Object.values(command.flags).flatMap(({ short }) => short ?? []);
  expect(shorts).toEqual([...new Set(shorts)]);
  expect(shorts).not.toContain("h");
  for (const { flags } of command.exclusive ?? []) {
    for (const flag of flags) expect(Object.keys(command.flags)).toContain(flag);
  }
});

test.each(named)(
  "%s: it has two examples at least, which are command lines that kpod takes",
  (name, command) => {
    expect(command.examples.length).toBeGreaterThanOrEqual(2);
    for (const example of command.examples) {
      // As a shell takes it apart; what it would fill in stands for one argument.
      const line = example.command.replace(/ [|>] .*/, "");
      const [kpod, ...words] = line.match(/'[^']*'|"[^"]*"|\$\([^)]*\)|\S+/g) ?? [];
      expect(kpod).toBe("kpod");
      const request = parseCommandLine(words, commands);
      expect(request.kind === "command" && request.command.path.join(" ")).toBe(name);
    }
  },
);

const directory = join(__dirname, "../../src/commands");

test("every file of a command is in the list, and every command has its file", async () => {
  const found: string[] = [];
  for (const file of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    if (basename(file) !== "run.ts") continue;
    const module = (await import(join(directory, file))) as Readonly<Record<string, unknown>>;
    expect(typeof module.run).toBe("function");
    found.push(dirname(file).split("/").join(" "));
  }
  expect(found.sort()).toEqual(commands.map(({ path }) => path.join(" ")).sort());
});

test.each([
  ["", []] as const,
  ["pod", ["pod"]] as const,
  ...named.map(([name, { path }]) => [name, path] as const),
])("the help of kpod %s fits 80 columns and has no spaces at the end of lines", (_, path) => {
  for (const line of helpText(commands, path, plain).split("\n")) {
    expect(line.length).toBeLessThanOrEqual(80);
    expect(line).toBe(line.trimEnd());
  }
});
