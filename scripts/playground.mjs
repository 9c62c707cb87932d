// npm run playground: a shell with kpod on a node of its own: real containers, in a directory that goes when the shell
// ends. npm run playground -- COMMAND [ARGUMENT...] runs one command there instead, and ends with its exit code.
// kpod is that of dist/ on Node: what `npm run build` writes meanwhile counts at once; KPOD_TEST_EXECUTABLE names the
// executable instead. With --runtime crun first, crun is the node's default runtime; both are handlers in any case. The
// node lies in TMPDIR, or /var/tmp. What there is to say goes to stderr, for stdout is the command's.
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { REPOSITORY, bootstrap } from "./bootstrap.mjs";
import { containerWords, makeImages, podWords } from "./lib/demo-pod.mjs";
import { claimDirectory, removeDemo } from "./lib/demo-directory.mjs";
import { makeCrunWork, nodeLayout, writeNodeConfig } from "./lib/layout.mjs";
import { cgroupDirectories } from "./lib/machine.mjs";
import { ScriptError, leanEnvironment, runMain, runProgram } from "./lib/run.mjs";

const executable = process.env.KPOD_TEST_EXECUTABLE;
const kpod =
  executable === undefined ? [process.execPath, "--", join(REPOSITORY, "bin/kpod")] : [resolve(executable)];

function makeDirectory() {
  const directory = realpathSync(mkdtempSync(join(process.env.TMPDIR || "/var/tmp", "kpod-playground-")));
  return nodeLayout(directory, `/${basename(directory)}`);
}

/** Puts pods and containers on the node: some that run, one that has failed. */
async function furnish(layout, runtime, interrupted) {
  claimDirectory(layout);
  makeCrunWork(layout);
  writeNodeConfig(layout, runtime);
  const images = makeImages(layout);
  const failing = ["run", "--pod", "demo", "--name", "failed", images.busybox.name];
  const launches = [
    ...Object.values(images).map(({ ociArchive }) => ({ words: ["load", ociArchive] })),
    { words: podWords(layout) },
    ...containerWords(images).map((words) => ({ words })),
    { words: [...failing, "sh", "-c", "echo no such customer >&2; exit 3"], expected: 3 },
  ];
  for (const { words, expected = 0 } of launches) {
    if (interrupted()) return;
    const [program, ...first] = kpod;
    const all = [...first, "--config", layout.config, ...words];
    const { code, output } = await runProgram(program, all, { env: leanEnvironment() });
    if (code !== expected && !interrupted())
      throw new ScriptError(`kpod ${words.join(" ")} ended with exit code ${code}: ${output.trimEnd()}`);
  }
}

/** Puts kpod with the node's configuration first into PATH; gives the environment. */
function environmentOf({ directory, config }) {
  const bin = join(directory, "bin");
  mkdirSync(bin, { recursive: true });
  const script = `#!/bin/sh\nexec ${kpod.map((word) => `"${word}"`).join(" ")} --config "${config}" "$@"\n`;
  writeFileSync(join(bin, "kpod"), script, { mode: 0o755 });
  return leanEnvironment({ PATH: `${bin}:${process.env.PATH ?? ""}`, KPOD_PLAYGROUND: directory });
}

/** The user's shell; bash also gets a prompt that tells where one is, and the completion of kpod. */
function shellWords({ directory }, { PATH }) {
  const shell = process.env.SHELL || "/bin/sh";
  if (basename(shell) !== "bash") return [shell];
  const start = join(directory, "bashrc");
  const lines = [
    "[ -r ~/.bashrc ] && . ~/.bashrc",
    `PATH='${PATH}'`,
    "PS1='playground:\\w\\$ '",
    `. '${join(REPOSITORY, "completions/kpod.bash")}'`,
  ];
  writeFileSync(start, `${lines.join("\n")}\n`);
  return [shell, "--rcfile", start];
}

/** Runs it in this terminal; gives its exit code, as a shell would tell it. */
function runHere([program, ...args], env, started) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: "inherit" });
    started(child);
    child.on("error", (error) => reject(new ScriptError(`cannot start ${program}: ${error.message}`)));
    child.on("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/** Where pods are that were launched without a cgroup parent. */
const DEFAULT_PARENT = "/crio";

/** Their cgroups, by the ids of their containers. */
function removeCgroupsOf(ids) {
  const left = cgroupDirectories(DEFAULT_PARENT).filter((path) => ids.some((id) => path.includes(id)));
  for (const path of left) rmdirSync(path);
}

function idsOn({ root }) {
  const directory = join(root, "overlay-containers");
  return existsSync(directory) ? readdirSync(directory).filter((name) => /^[0-9a-f]{64}$/.test(name)) : [];
}

async function play(words, runtime) {
  if (process.getuid() !== 0)
    throw new ScriptError("not root: the playground starts containers, so run it with sudo");
  await bootstrap("demo");
  const layout = makeDirectory();
  let child;
  let signalled;
  // Ctrl-C reaches what runs in the terminal as well; this process stays to clear up after it.
  const onInterrupt = (signal) => (signalled ??= signal);
  const onEnd = (signal) => {
    signalled ??= signal;
    child?.kill(signal === "SIGTERM" && words.length === 0 ? "SIGHUP" : signal);
  };
  process.on("SIGINT", onInterrupt);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, onEnd);
  try {
    console.error(`Making a node in ${layout.directory}`);
    await furnish(layout, runtime, () => signalled !== undefined).catch(async (error) => {
      // What was at work got the signal as well, and may have failed by it before this process has heard of it.
      await sleep(100);
      if (signalled === undefined) throw error;
    });
    if (signalled !== undefined) return 128 + constants.signals[signalled];
    const env = environmentOf(layout);
    if (words.length === 0)
      console.error("The node is there until the shell ends; kpod is that of this repository.");
    return await runHere(
      words.length > 0 ? words : shellWords(layout, env),
      env,
      (started) => (child = started),
    );
  } finally {
    const ids = idsOn(layout);
    await removeDemo(layout);
    removeCgroupsOf(ids);
    console.error(`Removed the node in ${layout.directory}`);
  }
}

// What makes the machine ready tells so by console.log.
console.log = console.error;
await runMain(async () => {
  const [first, runtime, ...words] = process.argv.slice(2);
  if (first !== "--runtime") process.exitCode = await play(process.argv.slice(2), "runc");
  else if (runtime === "runc" || runtime === "crun") process.exitCode = await play(words, runtime);
  else throw new ScriptError("--runtime is followed by runc or crun");
});
