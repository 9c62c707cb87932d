// Makes kpod one executable file: src/ compiled by the engine, and the engine itself.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { definitions } from "./definitions.mjs";
import { isNewerThan } from "./dist.mjs";
import { engineFor, ownEngine } from "./engine.mjs";
import { ScriptError, leanEnvironment, runProgram } from "./run.mjs";

const FLAGS = [
  ...["--compile", "--format=esm", "--splitting", "--minify", "--bytecode"],
  // By their names alone they are found within the executable: src/shell/reader-program.ts.
  "--entry-naming=[name].[ext]",
  // Machine code for what runs once costs more than it gains; src/commands/logs/run.ts asks for it where much is to be done.
  "--compile-jit-policy=100",
  // What lies in the user's directory is no configuration of kpod's.
  ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
];

/** Variables by which anybody could have the engine listen for a debugger, on a port that may be taken. */
const DEBUGGER_VARIABLES = ["BUN_INSPECT", "BUN_INSPECT_CONNECT_TO", "BUN_INSPECT_PRELOAD"];

/** The engine has no option for it: it is made to ask for variables that nobody can set, for they have no names. */
function turnDebuggerOff(path) {
  const bytes = readFileSync(path);
  for (const name of DEBUGGER_VARIABLES) {
    const at = bytes.indexOf(`\0${name}\0`);
    if (at < 0)
      throw new ScriptError(`the engine does not ask for ${name}: see how its debugger is turned off now`);
    bytes.fill(0, at, at + 1 + name.length);
  }
  writeFileSync(path, bytes);
}

/** See single.d.mts. */
export async function buildSingle(root, path, arch = process.arch) {
  const { program, missing } = await ownEngine(root);
  if (program === undefined) throw new ScriptError(`no executable can be made here: ${missing}`);
  mkdirSync(dirname(path), { recursive: true });
  // The engine puts temporary files beside what it writes.
  const staging = mkdtempSync(join(dirname(path), ".kpod-"));
  try {
    // Loaded here: who asks only whether there is an executable may have no node packages yet.
    const { bundleReader } = await import("./bundle.mjs");
    // What both had would else be in files of its own, of which each command loads some.
    const reader = join(staging, "reader.js");
    await bundleReader(root, reader, "esm");
    const args = [
      ...["build", "src/single.ts", reader, ...FLAGS, `--outfile=${join(staging, "kpod")}`],
      ...[`--target=bun-linux-${arch}`, `--compile-executable-path=${await engineFor(root, arch)}`],
      ...Object.entries(definitions(root)).flatMap(([name, value]) => ["--define", `${name}=${value}`]),
    ];
    const { code, output } = await runProgram(program, args, { cwd: root, env: leanEnvironment() });
    if (code !== 0) throw new ScriptError(`the engine could not make the executable:\n${output.trimEnd()}`);
    turnDebuggerOff(join(staging, "kpod"));
    renameSync(join(staging, "kpod"), path);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

const SOURCES = [
  "src",
  "scripts/lib/single.mjs",
  "scripts/lib/bundle.mjs",
  "scripts/lib/definitions.mjs",
  "package.json",
  "package-lock.json",
];

/** See single.d.mts. */
export async function keepSingle(root) {
  const path = join(root, "build/kpod");
  if (existsSync(path) && !isNewerThan(root, SOURCES, path)) return path;
  const { missing } = await ownEngine(root);
  if (missing !== undefined) {
    console.log(`  no executable: ${missing}; kpod runs on Node`);
    return undefined;
  }
  console.log("  building the executable");
  await buildSingle(root, path);
  return path;
}
