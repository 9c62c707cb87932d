// npm run bench: builds nodes of real containers, measures kpod on them and its peers beside it, in turns, and prints
// a table of ratios. Options: --runs N (default 20), --json FILE, --keep (leave the nodes for the next run), --clean.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bootstrap } from "../scripts/bootstrap.mjs";
import { findProgram } from "../scripts/lib/layout.mjs";
import { ScriptError, runMain, runProgram } from "../scripts/lib/run.mjs";
import { sweep } from "../scripts/lib/sweep.mjs";
import { libraryCommands, librariesMarkdown } from "./lib/libraries.mjs";
import { writeLog } from "./lib/logs.mjs";
import { measure } from "./lib/measure.mjs";
import { BENCH_DIRECTORY, benchLayout } from "./lib/place.mjs";
import { markdown, resultRows } from "./lib/table.mjs";
import { kpodWorld, podmanWorld, removePodmanWorld } from "./lib/worlds.mjs";

const MEGABYTE = 1_000_000;
const KPOD_WORLDS = ["k20", "k100", "k1000", "k0"];
const PODMAN_WORLDS = ["p20", "p1000"];

async function step(text, action) {
  process.stderr.write(`${text} ...`);
  const started = Date.now();
  const result = await action();
  process.stderr.write(` ${((Date.now() - started) / 1000).toFixed(0)} s\n`);
  return result;
}

async function buildWorlds() {
  const build = (make, name, size) =>
    step(`  ${name}: ${size.running} running, ${size.stopped} stopped`, () => make(name, size));
  return {
    k20: await build(kpodWorld, "k20", { running: 20, stopped: 0 }),
    k100: await build(kpodWorld, "k100", { running: 100, stopped: 0 }),
    k1000: await build(kpodWorld, "k1000", { running: 100, stopped: 900 }),
    k0: await build(kpodWorld, "k0", { running: 0, stopped: 1000 }),
    p20: await build(podmanWorld, "p20", { running: 20, stopped: 0 }),
    p1000: await build(podmanWorld, "p1000", { running: 100, stopped: 900 }),
  };
}

/** Two stopped containers of a world, by id and full name. */
function stoppedOf({ layout }) {
  const records = JSON.parse(readFileSync(join(layout.root, "overlay-containers/containers.json"), "utf8"));
  const ended = records.filter(({ id }) =>
    existsSync(join(layout.root, "overlay-containers", id, "userdata/exit")),
  );
  return ended.slice(10, 12).map(({ id, names }) => ({ id, name: names[0] }));
}

function commandsOf({ k20, k100, k1000, k0, p20, p1000 }) {
  const [small, large] = stoppedOf(k1000);
  writeLog(k1000.layout, small.id, MEGABYTE);
  const largeLog = writeLog(k1000.layout, large.id, 1000 * MEGABYTE);
  const outputFile = join(BENCH_DIRECTORY, "output");
  const cut = `cat "$1" | cut -d" " -f4-`;
  const quick = {
    bare: { program: process.execPath, args: ["-e", "0"], usage: true },
    ps20: k20.command("ps"),
    ps100: { ...k100.command("ps"), usage: true },
    psStopped: k0.command("ps", "-a"),
    psAll: { ...k1000.command("ps", "-a"), usage: true },
    inspect: k1000.command("inspect", small.name),
    tail1MB: k1000.command("logs", "--tail", "10", small.name),
    tail1GB: k1000.command("logs", "--tail", "10", large.name),
    complete: k1000.command("__complete", "stop", ""),
    podmanPs20: p20.command("ps"),
    podmanPsAll: p1000.command("ps", "-a"),
    podmanInspect: p1000.command("inspect", "job-5"),
  };
  const slow = {
    stats: { ...k100.command("stats", "--no-stream"), usage: true },
    logs1GB: { ...k1000.command("logs", large.name), outputFile },
    cut1GB: { program: "sh", args: ["-c", cut, "sh", largeLog], outputFile },
  };
  return { quick, slow };
}

async function machine() {
  const version = async (...words) => (await runProgram(words[0], words.slice(1))).output.split("\n")[0];
  return {
    date: new Date().toISOString().slice(0, 10),
    processors: `${cpus().length} x ${cpus()[0]?.model ?? "?"}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    node: process.version,
    runc: await version("runc", "--version"),
    podman: await version("podman", "--version"),
  };
}

async function clean() {
  for (const name of PODMAN_WORLDS)
    if (existsSync(join(BENCH_DIRECTORY, name))) await removePodmanWorld(name);
  for (const name of KPOD_WORLDS) if (existsSync(join(BENCH_DIRECTORY, name))) await sweep(benchLayout(name));
  rmSync(BENCH_DIRECTORY, { recursive: true, force: true });
}

async function bench({ runs, json, keep }) {
  const rounds = Number(runs);
  if (!Number.isInteger(rounds) || rounds < 1) throw new ScriptError(`--runs ${runs} is no number of runs`);
  if (process.getuid() !== 0) throw new ScriptError("not root: the nodes to measure run containers");
  await bootstrap("tests");
  if (findProgram("podman") === undefined) throw new ScriptError("podman is not there to compare with");
  process.stderr.write(`Building nodes in ${BENCH_DIRECTORY}\n`);
  const { quick, slow } = commandsOf(await buildWorlds());
  const measured = {
    ...(await step(`Measuring ${Object.keys(quick).length} commands, ${rounds} rounds`, () =>
      measure(quick, rounds),
    )),
    ...(await step("Measuring the slow ones", () => measure(slow, Math.min(rounds, 5)))),
  };
  const libraries = await step("Measuring the libraries", async () =>
    measure(await libraryCommands(), rounds),
  );
  const rows = resultRows(measured, 1000 * MEGABYTE);
  const about = await machine();
  const words = [about.processors, about.memory, `Node ${about.node}`, about.runc, about.podman, about.date];
  process.stdout.write(
    `\nMedians of ${rounds} runs in turns: ${words.join(", ")}.\n\n${markdown(rows)}\n${librariesMarkdown(libraries)}`,
  );
  if (json !== undefined)
    writeFileSync(
      json,
      `${JSON.stringify({ machine: about, runs: rounds, rows, measured, libraries }, undefined, 2)}\n`,
    );
  if (!keep) await step("Removing the nodes", clean);
}

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "20" },
      json: { type: "string" },
      keep: { type: "boolean", default: false },
      clean: { type: "boolean", default: false },
    },
  });
  await (values.clean ? clean() : bench(values));
});
