// npm run demo: from a bare clone to pods and containers that kpod shows. npm run demo -- --clean removes all of it.
// Everything is kept below one directory, /var/tmp/kpod-demo or KPOD_DEMO_DIR; the machine's own store, if it has
// one, is not touched.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { REPOSITORY, bootstrap } from "./bootstrap.mjs";
import { claimDirectory, removeDemo, demoLayout, isThere, mustBeOurs } from "./lib/demo-directory.mjs";
import { containerWords, makeImages, podWords } from "./lib/demo-pod.mjs";
import { writeNodeConfig } from "./lib/layout.mjs";
import { ScriptError, leanEnvironment, runMain, runProgram } from "./lib/run.mjs";
import { keepSingle } from "./lib/single.mjs";

/** On Node, or the executable where one can be made here. */
let program = join(REPOSITORY, "bin/kpod");
const CLEAN = `${process.env.KPOD_DEMO_DIR ? `KPOD_DEMO_DIR=${process.env.KPOD_DEMO_DIR} ` : ""}npm run demo -- --clean`;
const UNKNOWN_COMMAND = 3;
const STEPS = 6;

function step(number, text) {
  console.log(`\n[${number}/${STEPS}] ${text}`);
}

/** A word as a shell would need it. */
function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Runs kpod, showing the line a user would type and what it printed; nothing where kpod has no such command yet. */
async function kpod(layout, ...args) {
  const words = ["--config", layout.config, ...args];
  const { code, output } = await runProgram(program, words, { env: leanEnvironment() });
  if (code === UNKNOWN_COMMAND) return false;
  const shown = output.trimEnd().replace(/^/gm, "    ");
  console.log(`\n  $ kpod ${args.map(quoted).join(" ")}\n${shown}`);
  if (code !== 0)
    throw new ScriptError(`kpod ${args[0]} ended with exit code ${code}; to clean up: ${CLEAN}`);
  return true;
}

async function mustRun(layout, ...args) {
  if (!(await kpod(layout, ...args))) throw new ScriptError(`kpod has no command ${args[0]}`);
}

async function launch(layout, images) {
  step(4, "Launching a pod");
  await mustRun(layout, ...podWords(layout));
  step(5, "Launching two containers in it: one writes a log, one idles");
  for (const words of containerWords(images)) await mustRun(layout, ...words);
}

async function look(layout) {
  step(6, "Looking at them, when there are some lines in the log");
  await sleep(3500);
  await kpod(layout, "ps", "--pod");
  await kpod(layout, "pod", "ps");
  await kpod(layout, "logs", "--tail", "3", "ticker");
  await kpod(layout, "stats", "--no-stream");
}

function farewell(layout) {
  console.log(`
The pod goes on running. To go on by hand:
  alias kpod='${program} --config ${layout.config}'
  kpod ps -a
  kpod --help

To clean up, so that nothing is left:
  ${CLEAN}`);
}

async function show(layout) {
  step(1, "Getting the machine ready");
  await bootstrap("demo");
  program = (await keepSingle(REPOSITORY)) ?? program;
  if (isThere(layout)) {
    console.log(`  removing the demo that is there from before, in ${layout.directory}`);
    await removeDemo(layout);
  }
  claimDirectory(layout);
  writeNodeConfig(layout, "runc");
  console.log(`  ready; all that follows is kept in ${layout.directory}`);
  step(2, "Making two images out of this machine's busybox");
  const images = makeImages(layout);
  for (const { name, ociArchive } of Object.values(images)) console.log(`  ${name}: ${ociArchive}`);
  step(3, "Loading them into the demo's own store");
  for (const { ociArchive } of Object.values(images)) await mustRun(layout, "load", ociArchive);
  await launch(layout, images);
  await look(layout);
  farewell(layout);
}

async function clean(layout) {
  if (!isThere(layout)) {
    console.log(`Nothing to clean up: there is no demo in ${layout.directory}.`);
    return;
  }
  await removeDemo(layout);
  console.log(`Removed the demo in ${layout.directory}: containers, mounts, cgroups and files.`);
}

await runMain(async () => {
  const args = process.argv.slice(2);
  if (args.some((word) => word !== "--clean")) throw new ScriptError("usage: npm run demo [-- --clean]");
  if (process.getuid() !== 0)
    throw new ScriptError("not root: the demo starts containers, so run it with sudo");
  const layout = demoLayout();
  mustBeOurs(layout);
  await (args.includes("--clean") ? clean(layout) : show(layout));
});
