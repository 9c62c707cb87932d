// The commands are the folders of src/commands that hold a command.ts: their list for src/program, and what a folder
// lacks.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ScriptError } from "./run.mjs";

const HEAD = [
  "// Made by `npm run docs` from the folders of src/commands: changes here get lost.",
  'import { command, type Command } from "./command";',
  "",
].join("\n");

/** See commands.d.mts. */
export function commandFolders(root) {
  const names = readdirSync(join(root, "src/commands"), { recursive: true });
  const folders = names.filter((name) => ["command.ts", "run.ts"].includes(basename(name))).map(dirname);
  return [...new Set(folders)].sort();
}

/** See commands.d.mts. */
export function missingParts(root, folder) {
  const words = folder.split("/");
  const parts = [
    [`src/commands/${folder}/command.ts`, "exports `command`: its flags, its help, its examples"],
    [`src/commands/${folder}/run.ts`, "exports `run`, which does the work"],
    [`man/src/${words.join("-")}.md`, "has what its manual page says beside its flags and examples"],
  ];
  return parts
    .filter(([path]) => !existsSync(join(root, path)))
    .map(([path, what]) => `${path} is missing, which ${what}`);
}

/** See commands.d.mts. */
export function missingTest(root, folder) {
  const directory = join(root, "test/integration");
  const words = folder.split("/");
  const call = new RegExp(`[( []${words.map((word) => `"${word}"`).join(", ")}[\\],)]`);
  const tests = readdirSync(directory).filter((name) => name.endsWith(".test.ts"));
  if (tests.some((name) => call.test(readFileSync(join(directory, name), "utf8")))) return [];
  return [`no test calls kpod ${words.join(" ")}: test/integration/${words.join("-")}.test.ts is to do so`];
}

/** See commands.d.mts. */
export function commandFoldersText(root) {
  const folders = commandFolders(root);
  const missing = folders.flatMap((folder) => missingParts(root, folder));
  if (missing.length > 0) throw new ScriptError(missing.join("\n"));
  const imports = folders.map(
    (folder) => `import { command as ${variableOf(folder)} } from "../commands/${folder}/command";\n`,
  );
  const entries = folders.map((folder) => {
    const words = folder.replaceAll("/", " ");
    return `  command("${words}", ${variableOf(folder)}, () => import("../commands/${folder}/run")),\n`;
  });
  return `${HEAD}${imports.join("")}
/** The commands, a folder of src/commands each. */
export const commandFolders: readonly Command[] = [
${entries.join("")}];
`;
}

/** `podStopCommand`; without the last word a command could not be called as a word of TypeScript is. */
function variableOf(folder) {
  const [first, ...others] = folder.split(/[^a-z0-9]+/);
  return `${first}${others.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")}Command`;
}
