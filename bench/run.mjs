// npm run bench: builds nodes of real containers, measures kpod on them, the executable and on Node, and its peers
// beside it, in turns, and prints the table of the README. Options: --runs N (default 20), --json FILE, --keep (leave
// the nodes for the next run), --clean (remove them).
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { REPOSITORY, bootstrap } from "../scripts/bootstrap.mjs";
import { engineVersion, ownEngine } from "../scripts/lib/engine.mjs";
import { findProgram } from "../scripts/lib/layout.mjs";
import { startRegistry } from "../scripts/lib/registry.mjs";
import { ScriptError, runMain, runProgram } from "../scripts/lib/run.mjs";
import { keepSingle } from "../scripts/lib/single.mjs";
import { sweep } from "../scripts/lib/sweep.mjs";
import { containerOf, crowdContainer, fillContainer, fillImages, largeImage } from "./lib/files.mjs";
import { floorCommands, floorsMarkdown } from "./lib/floors.mjs";
import { libraryCommands, librariesMarkdown } from "./lib/libraries.mjs";
import { writeLog } from "./lib/logs.mjs";
import { measure, usageOf } from "./lib/measure.mjs";
import { networkWorld, pluginCommand, podCommands } from "./lib/networks.mjs";
import { BENCH_DIRECTORY, benchLayout } from "./lib/bench-layout.mjs";
import { markdown, nameOf, resultRows } from "./lib/table.mjs";
import { kpodWorld, podmanWorld, removePodmanWorld } from "./lib/worlds.mjs";

const MEGABYTE = 1_000_000;
const KPOD_WORLDS = ["k20", "k100", "k1000", "network"];
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
    network: await step("  network: pods come and go", () => networkWorld("network")),
    p20: await build(podmanWorld, "p20", { running: 20, stopped: 0 }),
    p1000: await build(podmanWorld, "p1000", { running: 100, stopped: 900 }),
  };
}

/** The full name of a stopped container of a world. */
function stoppedOf({ layout }) {
  const records = JSON.parse(readFileSync(join(layout.root, "overlay-containers/containers.json"), "utf8"));
  const ended = records.filter(({ id }) =>
    existsSync(join(layout.root, "overlay-containers", id, "userdata/exit")),
  );
  return ended[10].names[0];
}

/** What kpod does, by each engine. */
function kpodCommands(engine, { k20, k100, k1000 }, stopped, logged, filled) {
  return {
    ps20: { ...k20.command(engine, "ps"), usage: true },
    psQuiet: k100.command(engine, "ps", "-q"),
    ps100: k100.command(engine, "ps"),
    psAll: { ...k1000.command(engine, "ps", "-a"), usage: true },
    inspect: k1000.command(engine, "inspect", stopped),
    tail1GB: k100.command(engine, "logs", "--tail", "10", logged.name),
    complete: { ...k1000.command(engine, "__complete", "stop", ""), usage: true },
    stats: { ...k100.command(engine, "stats", "--no-stream"), usage: true },
    diff: { ...k20.command(engine, "diff", filled.name), usage: true },
    df: k1000.command(engine, "system", "df"),
    exec: k20.command(engine, "exec", filled.name, "true"),
    top: k20.command(engine, "top", "app-1"),
    // Sound: where something is found, it waits, and looks a second time.
    doctor: { ...k1000.command(engine, "doctor"), usage: true },
    doctorQuick: k1000.command(engine, "doctor", "--quick"),
  };
}

/** The same commands of all engines, by names of their own. */
function byEngine(engines, commands) {
  const named = engines.flatMap((engine) =>
    Object.entries(commands(engine)).map(([name, command]) => [nameOf(engine, name), command]),
  );
  return Object.fromEntries(named);
}

async function commandsOf(worlds, engines, engine) {
  const { k20, k100, k1000, p20, p1000 } = worlds;
  const stopped = stoppedOf(k1000);
  // Where doctor is not measured: it finds a log that is as large.
  const logged = containerOf(k100, "app-0");
  const largeLog = writeLog(k100.layout, logged.id, 1000 * MEGABYTE);
  const filled = containerOf(k20, "app-0");
  fillContainer(filled);
  await crowdContainer(k20, "app-1", 100);
  await fillImages(k1000, 50);
  const outputFile = join(BENCH_DIRECTORY, "output");
  const cut = `cat "$1" | cut -d" " -f4-`;
  const bareNode = { program: process.execPath, args: ["-e", "0"], usage: true };
  const nop = await buildWith(engine, "nop", "");
  const nops = { node: bareNode, executable: { program: nop, args: [], usage: true } };
  const quick = {
    bareNode,
    ...byEngine(engines, (name) => ({
      nop: nops[name],
      ...kpodCommands(name, worlds, stopped, logged, filled),
    })),
    ...(await floorCommands(worlds, filled.upper, (source) => buildWith(engine, "reader", source))),
    podmanPs20: p20.command("ps"),
    podmanPsAll: p1000.command("ps", "-a"),
    podmanInspect: p1000.command("inspect", "job-5"),
    runcList: { program: "runc", args: ["--root", k20.layout.runtimeRoots.runc, "list"] },
    runcExec: {
      program: "runc",
      args: ["--root", k20.layout.runtimeRoots.runc, "exec", filled.id, "true"],
    },
    find: { program: "find", args: [filled.upper] },
    // What kpod has to look at, too: the store knows the sizes of the layers of images alone.
    du: { program: "du", args: ["-sx", ...unsizedDirectories(k1000.layout)] },
  };
  // What they write to the disk would slow the others down.
  const slow = {
    ...byEngine(engines, (name) => podCommands(worlds.network, name)),
    bridgePlugin: pluginCommand(worlds.network),
    ...byEngine(engines, (name) => ({
      logs1GB: { ...k100.command(name, "logs", logged.name), outputFile },
      export: { ...k20.command(name, "export", filled.name), outputFile },
      copy: { ...k20.command(name, "cp", `${filled.name}:/data`, "-"), outputFile },
    })),
    tarAll: { program: "tar", args: ["-C", filled.merged, "-c", "."], outputFile },
    tarData: { program: "tar", args: ["-C", filled.merged, "-c", "data"], outputFile },
    cut1GB: { program: "sh", args: ["-c", cut, "sh", largeLog], outputFile },
  };
  return { quick, slow };
}

/** Directories of a store whose sizes nobody has persisted. */
function unsizedDirectories({ root, runRoot }) {
  return [join(root, "overlay"), join(root, "overlay-containers"), join(runRoot, "overlay-containers")];
}

/** What loading, saving and pulling an image with a large layer takes of memory: once, since it takes long. */
async function memoryOfLarge({ k20 }, engines, engine) {
  const { archive, name } = await largeImage();
  const measured = {};
  const registryDirectory = join(BENCH_DIRECTORY, "registry");
  mkdirSync(registryDirectory, { recursive: true });
  const registry = await startRegistry(registryDirectory);
  try {
    await measureLarge({ k20, archive, name, registry }, engines, engine, measured);
  } finally {
    await registry.stop();
  }
  return measured;
}

async function measureLarge({ k20, archive, name, registry }, engines, engine, measured) {
  const remote = `${registry.host}/large:latest`;
  const plain = "--tls-verify=false";
  for (const each of engines) {
    measured[nameOf(each, "load1GB")] = usageOf(k20.command(each, "load", "-q", archive), engine);
    const output = join(BENCH_DIRECTORY, "output");
    measured[nameOf(each, "save1GB")] = usageOf(k20.command(each, "save", "-q", "-o", output, name), engine);
    // The first engine brings it there.
    if (each === engines[0])
      usageOf(k20.command(each, "push", "-q", plain, name, `docker://${remote}`), engine);
    usageOf(k20.command(each, "rmi", name), engine);
    measured[nameOf(each, "pull1GB")] = usageOf(k20.command(each, "pull", "-q", plain, remote), engine);
    usageOf(k20.command(each, "rmi", remote), engine);
  }
}

/** An executable of the engine, made of a text. */
async function buildWith(engine, name, text) {
  const source = join(BENCH_DIRECTORY, `${name}.js`);
  const outfile = join(BENCH_DIRECTORY, name);
  writeFileSync(source, text);
  const words = ["build", "--compile", "--bytecode", "--minify", source, `--outfile=${outfile}`];
  const { code, output } = await runProgram(engine, words);
  if (code !== 0) throw new ScriptError(`the engine could not make a ${name}:\n${output.trimEnd()}`);
  return outfile;
}

async function machine() {
  const version = async (...words) => (await runProgram(words[0], words.slice(1))).output.split("\n")[0];
  return {
    date: new Date().toISOString().slice(0, 10),
    processors: `${cpus().length} x ${cpus()[0]?.model ?? "?"}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    node: process.version,
    engine: engineVersion(REPOSITORY),
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
  const { program: engine, missing } = await ownEngine(REPOSITORY);
  if (missing !== undefined) throw new ScriptError(`nothing to measure with: ${missing}`);
  await keepSingle(REPOSITORY);
  process.stderr.write(`Building nodes in ${BENCH_DIRECTORY}\n`);
  const engines = ["executable", "node"];
  const worlds = await buildWorlds();
  const { quick, slow } = await commandsOf(worlds, engines, engine);
  const measured = {
    ...(await step(`Measuring ${Object.keys(quick).length} commands, ${rounds} rounds`, () =>
      measure(quick, rounds, engine),
    )),
    ...(await step(`Measuring what writes files and makes pods, ${rounds} rounds`, () =>
      measure(slow, rounds, engine),
    )),
    ...(await step("Loading, saving and pulling 1 GB", () => memoryOfLarge(worlds, engines, engine))),
  };
  const libraries = await step("Measuring the libraries", async () =>
    measure(await libraryCommands(), rounds, engine),
  );
  const rows = resultRows(measured, engines);
  const about = await machine();
  const words = [
    about.processors,
    about.memory,
    `Node ${about.node}`,
    `Bun ${about.engine}`,
    about.runc,
    about.podman,
    about.date,
  ];
  process.stdout.write(
    `\nMedians of ${rounds} runs in turns: ${words.join(", ")}.\n\n${markdown(rows)}\n${floorsMarkdown(measured)}\n${librariesMarkdown(libraries)}`,
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
