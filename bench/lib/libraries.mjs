// What the libraries that kpod is built with would cost a call that loads them: each bundled alone.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../scripts/bootstrap.mjs";
import { bundleLibrary } from "../../scripts/lib/bundle.mjs";
import { BENCH_DIRECTORY } from "./bench-layout.mjs";

/** The libraries, and the calls that load them. */
const LIBRARIES = {
  commander: "flags, wrong usage",
  "@iarna/toml/parse-string": "configuration that is not plain",
  chalk: "terminals with colours",
  "cli-table3": "help",
  "date-fns/parseISO": "logs --since, --until",
  execa: "calls of a runtime, load",
};

/** Commands for `measure`, by the names of the libraries, and one that loads nothing. */
export async function libraryCommands() {
  const directory = join(BENCH_DIRECTORY, "libraries");
  mkdirSync(directory, { recursive: true });
  const empty = join(directory, "empty.cjs");
  writeFileSync(empty, "");
  const commands = { nothing: { program: process.execPath, args: [empty] } };
  for (const name of Object.keys(LIBRARIES)) {
    const outfile = join(directory, `${name.replace(/\W/g, "_")}.cjs`);
    await bundleLibrary(name, { absWorkingDir: REPOSITORY }, outfile);
    commands[name] = { program: process.execPath, args: [outfile] };
  }
  return commands;
}

/** What was measured of them, as a table of Markdown. */
export function librariesMarkdown({ nothing, ...measured }) {
  const rows = Object.entries(measured).map(
    ([name, { ms }]) => `| ${name} | ${costText(ms - nothing.ms)} | ${LIBRARIES[name]} |\n`,
  );
  return `| library | to load it | loaded by |\n| --- | --- | --- |\n${rows.join("")}`;
}

/** What is less than the runs differ by is not told from nothing. */
function costText(milliseconds) {
  return milliseconds < 0.5 ? "under 0.5 ms" : `${milliseconds.toFixed(1)} ms`;
}
