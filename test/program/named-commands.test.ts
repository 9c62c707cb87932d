import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as ts from "typescript";
import { globalFlags } from "../../src/shell/global-flags";
import { commands } from "../../src/program/command-list";

const root = join(__dirname, "../..");

/** Words after kpod that begin a sentence about it, and not a command. */
const prose = new Set([
  "alone",
  "and",
  "applies",
  "as",
  "began",
  "cannot",
  "does",
  "here",
  "in",
  "is",
  "knows",
  "launches",
  "loads",
  "pulls",
  "makes",
  "maps",
  "mounts",
  "pins",
  "removes",
  "sets",
  "too",
  "waits",
]);

const scripts = join(root, "src/program/completion");
const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .map((path) => join(root, "src", path))
  .filter((path) => path.endsWith(".ts") && !path.startsWith(scripts));

/** The texts in a file, with `${}` where something is put in. */
function textsIn(path: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    if (ts.isTemplateExpression(node))
      found.push([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join("${}"));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest));
  return found;
}

/** Why a text sends its reader to a command, or a flag of one, that there is not. */
function mistakesIn(text: string): string[] {
  return [
    ...text.matchAll(/(?<![\w/.-])kpod ([a-z-]+|\$\{\})(?: ([a-z][a-z-]*|\$\{\}))?((?: -[\w-]+)*)/g),
  ].flatMap((match) => {
    const [whole, first = "", second = "", flags = ""] = match;
    // Where the whole command is put in, it is one that was given.
    if (prose.has(first) || first.startsWith("-") || first === "${}") return [];
    // The longer one is meant: `doctor` is a command, and so is `doctor undo`.
    const command = [`${first} ${second}`, first]
      .map((words) => commands.find(({ path }) => path.join(" ") === words))
      .find((found) => found !== undefined);
    if (command === undefined) return [`there is no ${whole}`];
    const known = Object.values({ ...globalFlags, ...command.flags } as Record<
      string,
      { long?: string; short?: string }
    >);
    const names = [...Object.keys(command.flags), ...Object.keys(globalFlags)].map((name) =>
      name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    );
    const letters = known.map(({ short }) => short);
    return flags
      .split(" ")
      .filter((flag) => flag.startsWith("-"))
      .filter((flag) => (flag.startsWith("--") ? !names.includes(flag.slice(2)) : !letters.includes(flag[1])))
      .map((flag) => `kpod ${command.path.join(" ")} has no ${flag}`);
  });
}

test("the look for commands in texts finds those that there are not", () => {
  expect(mistakesIn("use kpod pod wait")).toEqual(["there is no kpod pod wait"]);
  expect(mistakesIn("use kpod pod ${}")).toEqual(["there is no kpod pod ${}"]);
  expect(mistakesIn("kpod ps --nosuch")).toEqual(["kpod ps has no --nosuch"]);
  expect(mistakesIn("use kpod stats --pod, or kpod pod rm -f")).toEqual([]);
});

test("every command that a message, a hint or an example names is there", () => {
  const named = files.flatMap((path) => textsIn(path).map((text) => ({ path, text })));
  expect(named.filter(({ text }) => text.includes("use kpod pod")).length).toBeGreaterThan(5);
  const mistakes = named.flatMap(({ path, text }) =>
    mistakesIn(text).map((mistake) => `${relative(root, path)}: ${mistake}`),
  );
  expect(mistakes).toEqual([]);
});
