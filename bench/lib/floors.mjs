// What the executable cannot be faster than: the same engine, reading the same files, and doing nothing else.
import { readFileSync } from "node:fs";
import { nameOf } from "./table.mjs";

/** By the name of the command that is measured beside it: the node, and what is read. */
const FLOORS = {
  ps20: { what: "`ps`, 20 running", world: "k20", reads: "ps" },
  psAll: { what: "`ps -a`, 1,000", world: "k1000", reads: "ps -a" },
  stats: { what: "`stats` of 100", world: "k100", reads: "stats" },
  diff: { what: "`diff`, 20,000 new files", world: "k20", reads: "diff" },
  complete: { what: "`__complete stop ''`, 1,000 records", world: "k1000", reads: "records" },
};

/**
 * Commands for `measure`.
 * @param upper the directory that `diff` walks
 * @param build makes an executable of a text
 */
export async function floorCommands(worlds, upper, build) {
  const program = await build(readFileSync(new URL("reader.mjs", import.meta.url), "utf8"));
  const commands = Object.entries(FLOORS).map(([name, { world, reads }]) => {
    const { root, runtimeRoots } = worlds[world].layout;
    return [floorOf(name), { program, args: [root, runtimeRoots.runc, reads, upper], usage: true }];
  });
  return Object.fromEntries(commands);
}

function floorOf(name) {
  return `floor of ${name}`;
}

/** What was measured of them, as a table of Markdown: CPU time, since `stats` waits. */
export function floorsMarkdown(measured) {
  const cpu = (name) => `${measured[name].cpuMs.toFixed(0)} ms`;
  const nop = cpu(nameOf("executable", "nop"));
  const rows = Object.entries(FLOORS).map(
    ([name, { what }]) =>
      `| ${what} | ${nop} | ${cpu(floorOf(name))} | ${cpu(nameOf("executable", name))} |\n`,
  );
  return `| CPU time of the executable | a nop | the same files, read alone | kpod |\n| --- | --- | --- | --- |\n${rows.join("")}`;
}
