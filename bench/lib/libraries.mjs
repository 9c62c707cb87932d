// What the libraries that kpod is built with would cost a call that loads them: each bundled alone, as into a pack.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { REPOSITORY } from "../../scripts/bootstrap.mjs";
import { COMMON } from "../../scripts/lib/pack.mjs";
import { BENCH_DIRECTORY } from "./place.mjs";

/** What of each library kpod imports, and the calls that load it. */
const LIBRARIES = {
  commander: {
    code: 'export { Command } from "commander";',
    usedBy: "unusual spellings of flags, wrong usage",
  },
  "@iarna/toml": {
    code: 'export { default } from "@iarna/toml/parse-string";',
    usedBy: "configuration that is not plain",
  },
  chalk: { code: 'export { Chalk } from "chalk";', usedBy: "terminals with colours" },
  "cli-table3": { code: 'export { default } from "cli-table3";', usedBy: "help" },
  "date-fns": {
    code: 'export { parseISO } from "date-fns/parseISO"; export { formatISO } from "date-fns/formatISO";',
    usedBy: "logs --since, --until",
  },
  execa: { code: 'export { execa } from "execa";', usedBy: "calls of a runtime, load" },
};

/** Commands for `measure`, by the names of the libraries, and one that loads nothing. */
export async function libraryCommands() {
  const directory = join(BENCH_DIRECTORY, "libraries");
  mkdirSync(directory, { recursive: true });
  const empty = join(directory, "empty.cjs");
  writeFileSync(empty, "");
  const commands = { nothing: { program: process.execPath, args: [empty] } };
  for (const [name, { code }] of Object.entries(LIBRARIES)) {
    const outfile = join(directory, `${name.replace(/\W/g, "_")}.cjs`);
    await build({
      ...COMMON,
      absWorkingDir: REPOSITORY,
      stdin: { contents: code, resolveDir: REPOSITORY },
      outfile,
      format: "cjs",
    });
    commands[name] = { program: process.execPath, args: [outfile] };
  }
  return commands;
}

/** What was measured of them, as a table of Markdown. */
export function librariesMarkdown({ nothing, ...measured }) {
  const rows = Object.entries(measured).map(
    ([name, { ms }]) => `| ${name} | ${costText(ms - nothing.ms)} | ${LIBRARIES[name].usedBy} |\n`,
  );
  return `| library | to load it | loaded by |\n| --- | --- | --- |\n${rows.join("")}`;
}

/** What is less than the runs differ by is not told from nothing. */
function costText(milliseconds) {
  return milliseconds < 0.5 ? "under 0.5 ms" : `${milliseconds.toFixed(1)} ms`;
}
