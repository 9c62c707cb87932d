import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { commandFolders, missingParts, missingTest } from "../../scripts/lib/commands.mjs";
import { plainColors } from "../../src/shell/colors";
import { helpText } from "../../src/program/help";
import { propertyOf } from "../../src/program/flag-values";
import { globalFlags } from "../../src/shell/global-flags";
import { parseCommandLine } from "../../src/program/command-line";
import { commands } from "../../src/program/command-list";

const named = commands.map((command) => [command.path.join(" "), command] as const);
const repository = join(__dirname, "../..");
const changelog = readFileSync(join(repository, "CHANGELOG.md"), "utf8");
const plain = { colors: plainColors, columns: undefined };

test("no two commands are called the same, and none but doctor is called as a family is", () => {
  const names = named.map(([name]) => name);
  expect(names).toEqual([...new Set(names)]);
  for (const name of names.filter((each) => each !== "doctor"))
    expect(names.filter((other) => other.startsWith(`${name} `))).toEqual([]);
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

test.each(named)("%s: its examples are command lines that kpod takes", async (name, command) => {
  for (const example of command.examples) {
    // As a shell takes it apart; what it would fill in stands for one argument.
    const line = example.command.replace(/ [|>] .*/, "");
    const [kpod, ...words] = line.match(/'[^']*'|"[^"]*"|\$\([^)]*\)|\S+/g) ?? [];
    expect(kpod).toBe("kpod");
    const request = await parseCommandLine(words, commands);
    expect(request.kind === "command" && request.command.path.join(" ")).toBe(name);
  }
});

test.each(commandFolders(repository))(
  "src/commands/%s has all that a command consists of",
  async (folder) => {
    const missing = [...missingParts(repository, folder), ...missingTest(repository, folder)];
    const command = commands.find(({ path }) => path.join("/") === folder);
    if (command === undefined)
      missing.push("src/program/command-folders.ts does not list it: npm run docs does");
    else if (command.examples.length < 2) missing.push("its command.ts has less than two examples");
    if (!new RegExp(`\\b${basename(folder)}\\b`).test(changelog))
      missing.push("CHANGELOG.md does not name it");
    expect(missing).toEqual([]);
    const module: unknown = await import(join(repository, "src/commands", folder, "run"));
    expect(module).toHaveProperty("run", expect.any(Function));
  },
);

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
