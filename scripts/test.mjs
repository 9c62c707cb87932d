// npm test: makes the machine ready, checks types, lint and formatting, runs jest, and looks whether anything was
// left behind; then the same for the tests of the commands on the executable, where one can be made. Arguments go to jest;
// with some of them the checks and the second run are left out, for then somebody works on one test, on the executable
// where KPOD_TEST_EXECUTABLE names it.
// The last line is "N passed, N failed, N skipped"; the exit code is jest's, or 1 where something else failed.
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statfsSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { REPOSITORY, bootstrap } from "./bootstrap.mjs";
import { commandFolders } from "./lib/commands.mjs";
import { worldLayout } from "./lib/layout.mjs";
import { machineState, newSince, processesOfRun } from "./lib/machine-state.mjs";
import { ScriptError, leanEnvironment, runProgram } from "./lib/run.mjs";
import { staticChecks } from "./lib/static-checks.mjs";
import { keepSingle } from "./lib/single.mjs";
import { leftovers, signal, sweep } from "./lib/sweep.mjs";
import { addCounts, closingLine } from "./lib/test-summary.mjs";

/** What statfs(2) calls a file system that lies in memory. */
const TMPFS = 0x01021994;

/** Where the nodes of the tests lie: on a disk, as others do, for a file in memory is no cache of one. */
function placeOfNodes() {
  const place = tmpdir();
  return statfsSync(place).type === TMPFS ? "/var/tmp" : place;
}

/** Beside those of commands, the tests of what the engine itself does: its files, locks, JSON, and where it begins. */
const OF_THE_ENGINE = [
  "engines",
  "irregular-files",
  "json",
  "kpod-image",
  "locks",
  "pods",
  "remote",
  "removed-directory",
];

/** What is run on the executable, too: the test of each command, and those of what an engine does. */
function testsOnExecutable() {
  const names = new Set([
    ...commandFolders(REPOSITORY).map((folder) => folder.replace("/", "-")),
    ...OF_THE_ENGINE,
  ]);
  return readdirSync(join(REPOSITORY, "test/integration"))
    .filter((file) => names.has(file.replace(/\.test\.ts$/, "")))
    .map((file) => `test/integration/${file}`);
}

async function runJest(args, directory, { run, variables }) {
  const reportFile = join(directory, "report.json");
  const words = [
    join(REPOSITORY, "node_modules/jest/bin/jest.js"),
    // On two cores three keep both at work: much of a test's time is waiting, for conmon, for a limit, for the disk.
    "--maxWorkers=3",
    `--reporters=${join(REPOSITORY, "scripts/lib/progress-reporter.mjs")}`,
    `--reporters=${join(REPOSITORY, "scripts/lib/summary-reporter.mjs")}`,
    // Its default is the temporary directory, which lives only as long as this run.
    `--cacheDirectory=${join(REPOSITORY, "node_modules/.cache/jest")}`,
    ...args,
  ];
  const env = leanEnvironment({
    TMPDIR: directory,
    // What is compiled of kpod is kept from one run to the next, and the user's own is left alone.
    XDG_CACHE_HOME: join(REPOSITORY, "node_modules/.cache"),
    KPOD_TEST_RUN: run,
    KPOD_TEST_REPORT: reportFile,
    ...variables,
  });
  const { code } = await runProgram(process.execPath, words, { cwd: REPOSITORY, env, stdio: "inherit" });
  const report = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, "utf8")) : undefined;
  rmSync(reportFile, { force: true });
  return { code, report };
}

/** Names what the tests left running, having given it a moment to end, and ends it. */
async function endProcesses(run) {
  for (let tries = 0; tries < 40 && processesOfRun(run).length > 0; tries += 1) await sleep(50);
  return processesOfRun(run).map(({ pid, command }) => {
    signal(pid, "SIGKILL");
    return `process ${pid}: ${command}`;
  });
}

/** Names what the tests left in their temporary directory, and takes it down. */
async function clearTemporary(directory, run) {
  const left = [];
  for (const name of readdirSync(directory).filter((entry) => !entry.startsWith("kpod-images-"))) {
    const path = join(directory, name);
    if (name.startsWith("kpod-w-")) {
      const layout = worldLayout(path, run);
      left.push(...leftovers(layout));
      await sweep(layout);
    } else {
      left.push(`file ${path}`);
    }
  }
  return left;
}

/** What carries the marks of the tests was left behind by them. What else is new on the machine may be anybody's. */
async function findNew(before, directory, run) {
  const running = await endProcesses(run);
  const { own, others } = newSince(before, machineState(), run);
  return { left: [...new Set([...running, ...own, ...(await clearTemporary(directory, run))])], others };
}

function printList(title, lines) {
  if (lines.length > 0) console.log(`\n${title}:\n  ${lines.map((line) => line.slice(0, 250)).join("\n  ")}`);
}

/** Runs jest, and gives what it counted and what is wrong otherwise. */
async function runTests(args, variables = {}) {
  const directory = realpathSync(mkdtempSync(join(placeOfNodes(), "kpod-run-")));
  // Tests that go on as another user have to get through it, as they would through /tmp.
  chmodSync(directory, 0o755);
  const run = basename(directory).slice("kpod-run-".length);
  // Ctrl-C reaches jest as well; this process stays to clear up after it.
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  const passOn = () => {
    interrupt();
    for (const { pid } of processesOfRun(run)) signal(pid, "SIGTERM");
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", passOn);
  try {
    const before = machineState();
    const { code, report } = await runJest(args, directory, { run, variables });
    const { left, others } = await findNew(before, directory, run);
    printList("New on this machine, without a mark of the tests", others);
    printList("The tests left behind", left);
    if (report !== undefined) console.log(`\n${report.summary.trim()}`);
    // Jest without a report, or failing without a failed test, is a failure of its own.
    const unexplained = code !== 0 && (report === undefined || report.success);
    const otherFailures = (left.length > 0 ? 1 : 0) + (unexplained ? 1 : 0);
    return { code, counts: report?.counts, otherFailures, interrupted };
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", passOn);
    rmSync(directory, { recursive: true, force: true });
  }
}

async function main(args) {
  if (process.getuid() !== 0)
    throw new ScriptError("not root: the tests start containers, so run them with sudo");
  await bootstrap("tests");
  if (args.length === 0) {
    console.log("Checking types, lint and formatting");
    const failed = await staticChecks(REPOSITORY);
    if (failed.length > 0) return { code: 1, line: closingLine(undefined, failed.length) };
  }
  const runs = [await runTests(args)];
  if (args.length === 0 && !runs[0].interrupted) {
    const executable = await keepSingle(REPOSITORY);
    if (executable !== undefined) {
      console.log(`\nThe tests of the commands once more, on ${executable}\n`);
      runs.push(await runTests(testsOnExecutable(), { KPOD_TEST_EXECUTABLE: executable }));
    }
  }
  const otherFailures = runs.reduce((sum, run) => sum + run.otherFailures, 0);
  const code = runs.find((run) => run.code !== 0)?.code ?? 0;
  const line = closingLine(addCounts(runs.map(({ counts }) => counts)), otherFailures);
  return { code: code === 0 && otherFailures > 0 ? 1 : code, line };
}

let outcome = { code: 1, line: closingLine(undefined, 1) };
try {
  outcome = await main(process.argv.slice(2));
} catch (error) {
  console.log(error instanceof ScriptError ? `Error: ${error.message}` : error);
}
console.log(`\n${outcome.line}`);
process.exitCode = outcome.code;
