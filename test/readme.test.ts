import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import packageJson from "../package.json";
import { parseCommandLine } from "../src/program/command-line";
import { commands } from "../src/program/command-list";

const repository = join(__dirname, "..");
const readme = readFileSync(join(repository, "README.md"), "utf8");

const fenced = [...readme.matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, found = ""]) => found).join("");
const commandLines = [...fenced.matchAll(/^(?:# )?kpod (.*)$/gm)].map(([, line = ""]) => line);

test("it shows command lines", () => {
  expect(commandLines.length).toBeGreaterThan(10);
});

test.each(commandLines)("kpod %s is a command line that kpod takes", async (line) => {
  const words = line.replace(/ [|>] .*/, "").match(/'[^']*'|\S+/g) ?? [];
  expect(await parseCommandLine(words, commands)).toHaveProperty("kind", "command");
});

describe.each(["README.md", "CONTRIBUTING.md", "docs/architecture.md"])("%s", (document) => {
  const text = readFileSync(join(repository, document), "utf8");
  const allOf = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found = ""]) => found);

  test("the scripts that it names are there", () => {
    const named = allOf(/npm run ([\w:]+)/g);
    expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(named));
  });

  test("the files and rooms that it names are there", () => {
    const rooms = allOf(/`((?:src|test|scripts|bench|bin|man|schemas|docs)\/[\w./-]*)`/g)
      // That of any command.
      .map((room) => room.replace("integration/NAME", "integration/rm").replace("NAME", "ps"));
    const links = allOf(/\]\((?!https?:)([^)#]+)\)/g).map((path) => join(dirname(document), path));
    expect(rooms.length + links.length).toBeGreaterThan(3);
    expect([...rooms, ...links].filter((path) => !existsSync(join(repository, path)))).toEqual([]);
  });
});
