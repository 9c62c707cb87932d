import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { runProcess } from "../helpers/process";
import { testdir } from "../helpers/testdir";
import type { Tree } from "../helpers/testdir";

const REPOSITORY = join(__dirname, "../..");
const ESLINT = join(REPOSITORY, "node_modules/eslint/bin/eslint.js");

interface LintedFile {
  readonly filePath: string;
  readonly messages: readonly { readonly message: string }[];
}

/** Lints a small house by the floors of this one; gives what is wrong in each file, by its path below src. */
async function lintHouse(tree: Tree): Promise<Record<string, readonly string[]>> {
  const config = `
    import tseslint from "typescript-eslint";
    import { FLOORS } from ${JSON.stringify(join(REPOSITORY, "eslint.config.mjs"))};
    import house from ${JSON.stringify(join(REPOSITORY, "scripts/lint/house.mjs"))};
    const options = { source: new URL("src", import.meta.url).pathname, floors: FLOORS };
    export default {
      files: ["src/**/*.ts"],
      languageOptions: { parser: tseslint.parser },
      plugins: { house },
      rules: { "house/arrows": ["error", options], "house/circles": ["error", options] },
    };`;
  const directory = testdir({ "package.json": "{}", "eslint.config.mjs": config, ...tree });
  symlinkSync(join(REPOSITORY, "node_modules"), join(directory, "node_modules"));
  const args = [ESLINT, "--format", "json", "src"];
  const { stdout } = await runProcess(process.execPath, args, { cwd: directory });
  const files = JSON.parse(stdout) as readonly LintedFile[];
  return Object.fromEntries(
    files
      .filter(({ messages }) => messages.length > 0)
      .map(({ filePath, messages }) => [
        filePath.slice(`${directory}/src/`.length),
        messages.map(({ message }) => message),
      ]),
  );
}

test("lint fails on a back arrow and on a circle, and says where the code belongs", async () => {
  const found = await lintHouse({
    "src/lib/errors.ts": "export class KpodError {}",
    "src/lib/storage/store.ts": 'import { KpodError } from "../errors"; export const store = KpodError;',
    "src/lib/oci/back.ts": 'import { run } from "../../commands/ps/run"; export const back = run;',
    "src/lib/oci/beside.ts": 'export type { store } from "../storage/store";',
    "src/format/units.ts": 'export const lazy = () => import("../lib/errors");',
    "src/commands/ps/run.ts": "export const run = 1;",
    "src/commands/rm/run.ts": 'export type Other = import("../ps/run").run;',
    "src/commands/shared/rows.ts":
      'import { store } from "../../lib/storage/store"; export const rows = store;',
    "src/commands/rm/one.ts": 'import type { Two } from "./two"; export type One = Two;',
    "src/commands/rm/two.ts": 'import type { One } from "./one"; export type Two = One;',
    "src/lib/cellar/rats.ts": 'import { KpodError } from "../errors"; export const rats = KpodError;',
  });
  const says = (...words: string[]): unknown => words.map((word) => expect.stringContaining(word) as unknown);
  expect(found).toEqual({
    "lib/oci/back.ts": says("lib/oci (one subject each"),
    "lib/oci/beside.ts": says(
      "lib/oci and lib/storage stand side by side and know nothing of each other. What both need belongs in lib/names, what needs both in lib/container-lists.ts;",
    ),
    "format/units.ts": says("format (tables, Go templates, JSON, units; it knows nothing of containers)"),
    "commands/rm/run.ts": says("What both need belongs in commands/shared, what needs both in program;"),
    "commands/rm/one.ts": says("Circle: commands/rm/one.ts -> commands/rm/two.ts -> commands/rm/one.ts."),
    "commands/rm/two.ts": says("Circle: commands/rm/two.ts -> commands/rm/one.ts -> commands/rm/two.ts."),
    "lib/cellar/rats.ts": says(
      "No floor holds lib/cellar/rats.ts: give its room a row in eslint.config.mjs.",
    ),
  });
});

test("both rules hold for every file of src", async () => {
  const args = [ESLINT, "--print-config", "src/lib/index.ts"];
  const { stdout } = await runProcess(process.execPath, args, { cwd: REPOSITORY });
  const { rules } = JSON.parse(stdout) as { readonly rules: Record<string, readonly unknown[]> };
  for (const rule of ["house/arrows", "house/circles"]) expect(rules[rule]?.[0]).toBe(2);
});
