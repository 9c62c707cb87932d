import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../package.json";
import { parseCommandLine } from "../src/program/parser";
import { commands } from "../src/program/command-list";

const repository = join(__dirname, "..");
const readme = readFileSync(join(repository, "README.md"), "utf8");

function all(pattern: RegExp): string[] {
  return [...readme.matchAll(pattern)].map(([, found = ""]) => found);
}

const fenced = all(/^```\w+\n(.*?)^```$/gms).join("");
const commandLines = [...fenced.matchAll(/^(?:# )?kpod (.*)$/gm)].map(([, line = ""]) => line);

test("it shows command lines", () => {
  expect(commandLines.length).toBeGreaterThan(10);
});

test.each(commandLines)("kpod %s is a command line that kpod takes", (line) => {
  const words = line.replace(/ [|>] .*/, "").match(/'[^']*'|\S+/g) ?? [];
  expect(parseCommandLine(words, commands).kind).toBe("command");
});

test("the scripts that it names are there", () => {
  const named = all(/npm run ([\w:]+)/g);
  expect(named).toContain("demo");
  expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(named));
});

test("the files and rooms that it names are there", () => {
  const rooms = all(/`((?:src|test|scripts|bin|man|schemas|docs)\/[\w./-]*)`/g).map((room) =>
    // That of any command.
    room.replace("NAME", "ps"),
  );
  const links = all(/\]\((?!https?:)([^)]+)\)/g);
  expect(rooms.length).toBeGreaterThan(15);
  expect([...rooms, ...links].filter((path) => !existsSync(join(repository, path)))).toEqual([]);
});
