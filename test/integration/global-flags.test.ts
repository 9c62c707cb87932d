import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, openSync, closeSync } from "node:fs";
import { join } from "node:path";
import { acquireLock } from "../../src/lib/storage/lock-file";
import { KPOD } from "../helpers/kpod";
import { finish, runProcess, startProcess, type ProcessResult } from "../helpers/process";
import { testdir } from "../helpers/testdir";

const repository = join(__dirname, "../..");

function kpod(...args: string[]): Promise<ProcessResult> {
  return runProcess(KPOD, args);
}

describe("exit codes", () => {
  test.each(["", "--help", "-h", "help", "pod", "ps --help", "--root /nowhere"])(
    "kpod %s is help",
    async (line) => {
      const result = await kpod(...line.split(" ").filter(Boolean));
      expect(result).toMatchObject({ exitCode: 0, stderr: "" });
      expect(result.stdout).toMatch(/^Usage: kpod/);
    },
  );

  test("help finds commands of several words", async () => {
    expect(await kpod("help", "pod", "run")).toEqual(await kpod("pod", "run", "--help"));
    expect(await kpod("help", "bogus")).toMatchObject({ exitCode: 3, stdout: "" });
  });

  test.each(["--version", "-v", "ps --version", "--root /nowhere -v"])(
    "kpod %s is the version",
    async (line) => {
      const { version } = (await import("../../package.json")) as { version: string };
      expect(await kpod(...line.split(" "))).toEqual({
        exitCode: 0,
        stdout: `kpod version ${version}\n`,
        stderr: "",
      });
    },
  );

  test("the command version tells what runs it, too", async () => {
    const engine = process.env.KPOD_TEST_EXECUTABLE === undefined ? "Node: {5}v" : "Bun: {6}v1";
    expect((await kpod("version")).stdout).toMatch(
      new RegExp(`^Version: .*\\n${engine}[.\\d]+\\nOS/Arch: +linux/.*\\n$`),
    );
  });

  test.each([
    [2, "ps x", "too many arguments, ps takes no arguments", "ps "],
    [2, "ps --bogus", "unknown option '--bogus'", "ps "],
    [2, "ps --format -q", "option --format requires a value", "ps "],
    [
      2,
      "--lock-timeout soon ps",
      'invalid value "soon" for --lock-timeout: it must be a number of at least 0',
      "",
    ],
    [3, "pss", "unknown command 'pss' (did you mean ps?)", ""],
    [3, "pod bogus", "unknown command 'bogus'", "pod "],
  ])("%d for kpod %s", async (exitCode, line, message, command) => {
    expect(await kpod(...line.split(" "))).toEqual({
      exitCode,
      stdout: "",
      stderr: `Error: ${message}\nRun 'kpod ${command}--help' for help.\n`,
    });
  });
});

describe("global flags before and after the command", () => {
  const directory = testdir({ "crio.conf": "" });
  const config = ["--config", join(directory, "crio.conf")];
  const root = join(directory, "no-store");
  const warning = `Warning: the storage root ${root} does not exist\n`;

  test.each<[string, string[]]>([
    ["before", [...config, "--root", root, "ps", "-q"]],
    ["after", ["ps", ...config, "-q", "--root", root]],
    ["on both sides, the later one wins", [...config, "--root", "/other", "ps", "-q", "--root", root]],
  ])("--root %s", async (_, args) => {
    expect(await kpod(...args)).toEqual({ exitCode: 0, stdout: "", stderr: warning });
    expect(existsSync(root)).toBe(false);
  });

  test("warnings are hidden by --log-level fatal and panic alone", async () => {
    const stderr = async (level: string) => {
      return (await kpod(...config, "--root", root, "ps", "-q", "--log-level", level)).stderr;
    };
    expect(await stderr("warn")).toBe(warning);
    expect(await stderr("fatal")).toBe("");
    expect(await stderr("panic")).toBe("");
  });

  test.each([
    ["before", (path: string) => ["-c", path, "ps"]],
    ["after", (path: string) => ["ps", "-c", path]],
  ])("a named configuration file that is missing is an error: %s", async (_, args) => {
    const missing = join(directory, "missing.conf");
    const result = await kpod(...args(missing));
    expect(result).toMatchObject({ exitCode: 1, stdout: "" });
    expect(result.stderr).toMatch(/^Error: [^\n]*missing\.conf[^\n]*no such file[^\n]*\n$/);
  });

  test("a stack is shown with --log-level debug only", async () => {
    const args = ["ps", "-c", join(directory, "missing.conf")];
    expect((await kpod(...args)).stderr).not.toContain("    at ");
    expect((await kpod("--log-level", "debug", ...args)).stderr).toMatch(/^Error: .*\n(.*\n)* {4}at /);
  });

  test("--log-level debug tells whose configuration is in force, and how states were found", async () => {
    const { stdout, stderr } = await kpod(...config, "--root", root, "ps", "-q", "--log-level", "debug");
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^Debug: configuration: --root sets root$/m);
    expect(stderr).toMatch(/^Debug: configuration: \/etc\/crio\/crio\.conf is (?:passed over|not there)$/m);
    expect(stderr).toMatch(/^Debug: states of 0 containers: /m);
    expect(stderr.replaceAll(/^Debug: .*\n/gm, "")).toBe(warning);
  });
});

describe("standard output", () => {
  test("a reader that is gone ends kpod quietly", async () => {
    const child = spawn("sh", ["-c", 'read go; exec "$0" --help', KPOD], { stdio: "pipe" });
    child.stdout.destroy();
    await once(child.stdout, "close");
    expect(await finish(child, "kpod --help", { input: "go\n" })).toEqual({
      exitCode: 141,
      stdout: "",
      stderr: "",
    });
  });

  test("kpod --help | head -1", async () => {
    const line = `set -o pipefail; "$0" --help | head -1`;
    const result = await runProcess("bash", ["-c", line, KPOD]);
    expect(result.stdout).toMatch(/^Usage: kpod[^\n]*\n$/);
    expect(result.stderr).toBe("");
  });

  test("a full disk is an error", async () => {
    const full = openSync("/dev/full", "w");
    try {
      for (const args of [["--version"], ["--help"]]) {
        const child = spawn(KPOD, args, { stdio: ["pipe", full, "pipe"] });
        const stderr: Buffer[] = [];
        child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
        const [exitCode] = (await once(child, "close")) as [number];
        expect(exitCode).toBe(1);
        expect(Buffer.concat(stderr).toString()).toBe(
          "Error: cannot write to standard output: no space left on device\n",
        );
      }
    } finally {
      closeSync(full);
    }
  });

  test("a full pipe that does not block loses nothing", async () => {
    // Node makes its own standard output non-blocking, and kpod inherits that where node is killed.
    const filler = `
      const { writeSync } = require("node:fs");
      process.stdout;
      try { for (;;) writeSync(1, "x".repeat(1000)); } catch (error) { if (error.code !== "EAGAIN") throw error; }
      process.kill(process.pid, "SIGKILL");`;
    // The reader sleeps long enough for kpod to find the pipe full; else the test proves less, but does not fail.
    const line = `set -o pipefail; { "$0" -e "$1" 2>/dev/null & wait $!; exec "$2" --help; } | { sleep 1; cat; }`;
    const { exitCode, stdout } = await runProcess("bash", ["-c", line, process.execPath, filler, KPOD]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^x{1000}/);
    expect(stdout.replace(/^x+/, "")).toBe((await kpod("--help")).stdout);
  });
});

describe("while kpod waits for a lock", () => {
  const root = testdir({
    "overlay-containers/containers.json": "[]",
    "overlay-containers/containers.lock": "",
  });
  const args = ["--root", root, "--runroot", join(root, "run"), "-s", "overlay", "ps"];
  const lock = join(root, "overlay-containers/containers.lock");

  async function waiting(line: readonly string[], then: (child: ChildProcessWithoutNullStreams) => void) {
    const held = await acquireLock(lock, "write", { timeoutMs: 1000 });
    try {
      const child = startProcess(KPOD, line);
      child.stderr.once("data", () => {
        then(child);
      });
      return await finish(child, "kpod ps");
    } finally {
      held.release();
    }
  }

  const warning = new RegExp(`^Warning: waiting for ${lock}, locked by .*\\(pid ${process.pid}\\)\n$`);

  test.each([
    [130, "SIGINT"],
    [143, "SIGTERM"],
    [129, "SIGHUP"],
  ] as const)("it ends with %d on %s, and without an error", async (exitCode, signal) => {
    const result = await waiting(args, (child) => child.kill(signal));
    expect(result).toEqual({ exitCode, stdout: "", stderr: expect.stringMatching(warning) as string });
  });

  test.each([
    ["before", ["--lock-timeout", "0.7", ...args]],
    ["after", [...args, "--lock-timeout=0.7"]],
  ])("it waits no longer than --lock-timeout %s the command says", async (_, line) => {
    const { stderr } = await waiting(line, () => {});
    expect(stderr).toContain(`${lock} is still locked by `);
    expect(stderr).toContain(" after 0.7 s");
  });
});

test("who is not root is told so by what needs root, and can ask for help", async () => {
  const directory = testdir();
  chmodSync(directory, 0o755);
  for (const name of ["bin", "dist"])
    cpSync(join(repository, name), join(directory, name), { recursive: true });
  const asNobody = (...args: string[]) =>
    runProcess("setpriv", [
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      join(directory, "bin/kpod"),
      ...args,
    ]);
  expect(await asNobody("run", "busybox")).toEqual({
    exitCode: 125,
    stdout: "",
    stderr: "Error: kpod run needs root: run it as root, for example with sudo\n",
  });
  expect(await asNobody("run")).toMatchObject({ exitCode: 2 });
  expect(await asNobody("run", "--help")).toMatchObject({ exitCode: 0 });
  const closed = testdir({ "root/overlay-containers/containers.json": "[]" });
  const records = join(closed, "root/overlay-containers/containers.json");
  expect(await asNobody("--root", join(closed, "root"), "ps")).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `Error: cannot read ${records}: permission denied: run kpod as root\n`,
  });
});
