// npm run test:node: boots a node of today, systemd with cgroup v2, in a virtual machine, and runs the tests of
// test/node in it on the executable. Arguments name some of their files, as "launch". It takes minutes, and so is no
// part of npm test. The last line is "N passed, N failed, N skipped", and the exit code 1 where something failed.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY, bootstrap } from "./bootstrap.mjs";
import { ownEngine } from "./lib/engine.mjs";
import { makeBusyboxImage, makePauseImage } from "./lib/image.mjs";
import { TESTS_MOUNT, makeDisk, nodeImage, requireSpace } from "./lib/node-image.mjs";
import { bootMachine, readFromDisk } from "./lib/node-machine.mjs";
import { countsOfReport } from "./lib/node-report.mjs";
import { ScriptError, runProgram } from "./lib/run.mjs";
import { keepSingle } from "./lib/single.mjs";
import { closingLine } from "./lib/test-summary.mjs";

/** An emulated processor is ten to twenty times slower. */
const TIME_LIMIT_MS = 40 * 60_000;
const TEST_TIME_LIMIT_MS = 600_000;

const TESTS = "test/node";

/** Where the machine's disk of this run is, and what it writes over the image. */
const SCRATCH = "/var/tmp";
const SCRATCH_BYTES = 2 * 1024 ** 3;

/** What the engine says first, when the machine is up. */
const BEGIN = "bun test";

/** Which test files are run: those that are named, or all. */
function chosenFiles(words) {
  const names = readdirSync(join(REPOSITORY, TESTS)).filter((name) => name.endsWith(".test.ts"));
  const chosen = names.filter((name) => words.length === 0 || words.some((word) => name.includes(word)));
  if (chosen.length === 0) throw new ScriptError(`no test of ${TESTS} is called ${words.join(" or ")}`);
  return chosen;
}

function runScript(files) {
  const paths = files.map((name) => `./${TESTS}/${name}`).join(" ");
  return `exec > /dev/ttyS0 2>&1
cd ${TESTS_MOUNT}
mkdir -p /usr/local/bin && ln -sf ${TESTS_MOUNT}/kpod /usr/local/bin/kpod
NO_COLOR=1 ./bun test --timeout ${TEST_TIME_LIMIT_MS} --reporter=junit --reporter-outfile=${TESTS_MOUNT}/report.xml ${paths}
sync
`;
}

/** Loads the images here, which takes minutes there: a store is the same wherever it lies. */
async function fillStore(store, executable, directory) {
  for (const make of [makePauseImage, makeBusyboxImage]) {
    const made = join(directory, make.name);
    const words = ["--root", store, "--runroot", join(directory, "runroot"), "-s", "overlay"];
    const load = [executable, ...words, "load", make(made).ociArchive];
    // skopeo mounts the store's directory onto itself, and leaves it so.
    const { code, output } = await runProgram("unshare", ["--mount", "--propagation", "private", ...load]);
    if (code !== 0) throw new ScriptError(`cannot load an image for the node: ${output.trim()}`);
  }
}

/** Puts kpod, its engine, the tests and a store of images on a disk of their own. */
async function makeTestsDisk(directory, { executable, engine, files }) {
  const tree = join(directory, "tests");
  mkdirSync(tree);
  cpSync(executable, join(tree, "kpod"));
  cpSync(engine, join(tree, "bun"));
  cpSync(join(REPOSITORY, TESTS), join(tree, TESTS), { recursive: true });
  writeFileSync(join(tree, "run"), runScript(files));
  await fillStore(join(tree, "store"), executable, directory);
  const disk = join(directory, "tests.disk");
  await makeDisk(tree, disk, "512M");
  rmSync(tree, { recursive: true });
  return disk;
}

async function runTests(words) {
  const files = chosenFiles(words);
  await bootstrap("node");
  const { program: engine, missing } = await ownEngine(REPOSITORY);
  const executable = missing === undefined ? await keepSingle(REPOSITORY) : undefined;
  if (executable === undefined)
    throw new ScriptError(`the tests of a node run on the executable: ${missing}`);
  const image = await nodeImage(REPOSITORY);
  // A machine whose disk is full stands still, and tells nobody.
  requireSpace(SCRATCH, SCRATCH_BYTES);
  const directory = realpathSync(mkdtempSync(join(SCRATCH, "kpod-node-")));
  try {
    const disk = await makeTestsDisk(directory, { executable, engine, files });
    console.log("  booting the node: its tests begin in about a minute\n");
    const before = [];
    let begun = false;
    const onLine = (line) => {
      begun ||= line.startsWith(BEGIN);
      if (begun) console.log(line);
      else before.push(line);
    };
    const { timedOut } = await bootMachine(image, disk, { directory, timeLimitMs: TIME_LIMIT_MS, onLine });
    if (!begun) console.log(`The node did not come up; its console:\n${before.join("\n")}`);
    if (timedOut) console.log(`\nThe node was not done within ${TIME_LIMIT_MS / 60_000} minutes.`);
    return countsOfReport(await readFromDisk(disk, "/report.xml", directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

let counts;
try {
  if (process.getuid() !== 0) throw new ScriptError("not root: making the node's disk takes it, so use sudo");
  counts = await runTests(process.argv.slice(2));
} catch (error) {
  console.log(error instanceof ScriptError ? `Error: ${error.message}` : error);
}
const failed = counts === undefined || counts.numFailedTests > 0;
console.log(`\n${closingLine(counts, counts === undefined ? 1 : 0)}`);
process.exitCode = failed ? 1 : 0;
