import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { cpSync, existsSync, rmdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { cgroupDirectories } from "../../scripts/lib/machine.mjs";
import { newSince } from "../../scripts/lib/machine-state.mjs";
import { addCounts, closingLine } from "../../scripts/lib/test-summary.mjs";
import { finish, startProcess } from "../helpers/process";
import type { ProcessResult } from "../helpers/process";
import { until } from "../helpers/until";
import { testdir, writeTree } from "../helpers/testdir";
import type { Tree } from "../helpers/testdir";

const REPOSITORY = join(__dirname, "../..");

const NONE = {
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
};

test.each([
  [{ ...NONE, numPassedTests: 12 }, 0, "12 passed, 0 failed, 0 skipped"],
  [
    { ...NONE, numPassedTests: 3, numFailedTests: 1, numRuntimeErrorTestSuites: 2 },
    0,
    "3 passed, 3 failed, 0 skipped",
  ],
  [{ ...NONE, numPendingTests: 2, numTodoTests: 1 }, 1, "0 passed, 1 failed, 3 skipped"],
  [undefined, 1, "0 passed, 1 failed, 0 skipped"],
])("closing line %#", (result, otherFailures, expected) => {
  expect(closingLine(result, otherFailures)).toBe(expected);
});

test("the counts of two runs are added, one without counts among them", () => {
  const first = { ...NONE, numPassedTests: 2, numFailedTests: 1 };
  const second = { ...NONE, numPassedTests: 3, numTodoTests: 1 };
  expect(addCounts([first, second])).toEqual({
    ...NONE,
    numPassedTests: 5,
    numFailedTests: 1,
    numTodoTests: 1,
  });
  expect(closingLine(addCounts([first, undefined]))).toBe("2 passed, 1 failed, 0 skipped");
});

test("what is new is told by its marks: this run's, nobody's, or another run's", () => {
  const before = ["mount /a", "cgroup /sys/fs/cgroup/pids/x"];
  const own = ["mount /tmp/kpod-run-me/kpod-w-1/root/overlay", "cgroup /sys/fs/cgroup/pids/kpod-test-me-1"];
  const others = ["file /run/crio.lock"];
  const theirs = [
    "cgroup /sys/fs/cgroup/pids/kpod-test-you-2",
    "mount /tmp/kpod-w-you/root/overlay",
    "mount /tmp/kpod-run-you/kpod-w-3/root/overlay",
  ];
  expect(newSince(before, [...before, ...own, ...others, ...theirs], "me")).toEqual({ own, others });
});

test("an id is a mark where something marked names it, as the file of a runtime's state does", () => {
  const [ours, theirs] = ["a".repeat(64), "b".repeat(64)];
  const state = JSON.stringify({ bundle: "/tmp/kpod-run-me/kpod-w-1/userdata" });
  const directory = testdir({ [`${ours}/state.json`]: state });
  const linesOf = (id: string, root: string): string[] => [
    `file ${join(root, id)}`,
    `cgroup /sys/fs/cgroup/pids/crio-${id}`,
    `process 7: conmon -c ${id}`,
  ];
  const [own, others] = [linesOf(ours, directory), linesOf(theirs, "/run/runc")];
  expect(newSince([], [...own, ...others], "me")).toEqual({ own, others });
});

test("an id that a command line names with a directory of the tests is theirs, however long the line", () => {
  const id = "c".repeat(64);
  const conmon = `process 8: conmon ${"--option ".repeat(40)} -c ${id} -b /tmp/kpod-run-me/kpod-w-2/userdata`;
  const cgroup = `cgroup /sys/fs/cgroup/memory/${id}`;
  expect(newSince([], [cgroup, conmon], "me")).toEqual({ own: [cgroup, conmon], others: [] });
});

/** Starts scripts/test.mjs in a small project with these tests. */
function startIn(tree: Tree, args: readonly string[], CI?: string): ChildProcessWithoutNullStreams {
  const entries = ["src/main.ts", "src/reader.ts", "src/lib/index.ts"];
  const sources = Object.fromEntries(entries.map((path) => [path, "export {};\n"]));
  const directory = testdir({ ...sources, ...tree });
  for (const name of ["package.json", "package-lock.json", "jest.config.cjs"]) {
    cpSync(join(REPOSITORY, name), join(directory, name));
  }
  cpSync(join(REPOSITORY, "scripts"), join(directory, "scripts"), { recursive: true });
  cpSync(join(REPOSITORY, "test/helpers"), join(directory, "test/helpers"), {
    recursive: true,
    filter: (path) => !path.endsWith(".test.ts"),
  });
  symlinkSync(join(REPOSITORY, "node_modules"), join(directory, "node_modules"));
  // Newer than the sources, of which there are too few to build it.
  writeTree(directory, { "dist/kpod.cjs": "", "dist/index.cjs": "" });
  // The outer run's marks are not the inner one's.
  const env = { KPOD_TEST_RUN: undefined, JEST_WORKER_ID: undefined, CI };
  return startProcess(process.execPath, [join(directory, "scripts/test.mjs"), ...args], {
    cwd: directory,
    env,
  });
}

/** Runs it to its end. */
function runIn(...inputs: Parameters<typeof startIn>): Promise<ProcessResult> {
  return finish(startIn(...inputs), "the test run");
}

const lastLine = ({ stdout }: ProcessResult): string => stdout.trimEnd().split("\n").at(-1) ?? "";

describe("a test run", () => {
  test("that is all right ends with its counts and 0, having passed arguments to jest", async () => {
    const passes = 'test("a", () => { expect(1).toBe(1); }); test.skip("b", () => {});';
    const result = await runIn(
      { "test/a.test.ts": passes, "test/b.test.ts": 'throw new Error("not asked for");' },
      ["test/a.test.ts"],
    );
    expect(lastLine(result)).toBe("1 passed, 0 failed, 1 skipped");
    expect(result.exitCode).toBe(0);
  });

  test("with a failed test, and a file that cannot run, ends with 1", async () => {
    const result = await runIn(
      {
        "test/a.test.ts": 'test("a", () => { require("node:child_process").execFileSync("/no/program"); });',
        "test/b.test.ts": 'throw new Error("broken");',
      },
      ["test"],
    );
    expect(lastLine(result)).toBe("0 passed, 2 failed, 0 skipped");
    expect(result.exitCode).toBe(1);
  });

  const LEAK = `kpod-leak-${process.pid}`;

  function removeLeak(): string[] {
    const directories = cgroupDirectories(`/${LEAK}`);
    for (const directory of directories) rmdirSync(directory);
    return directories;
  }

  afterEach(() => {
    removeLeak();
  });

  test("that leaves things behind fails and names them, and they are gone", async () => {
    const leak = `
      import { spawn } from "node:child_process";
      import { mkdirSync, writeFileSync } from "node:fs";
      import { tmpdir } from "node:os";
      test("leaks", () => {
        mkdirSync(tmpdir() + "/kpod-w-abcdef");
        writeFileSync(tmpdir() + "/forgotten", "");
        spawn("sleep", ["600"], { stdio: "ignore", detached: true }).unref();
      });`;
    const result = await runIn({ "test/leak.test.ts": leak }, ["test/leak.test.ts"]);
    expect(result.stdout).toMatch(/file \S+\/forgotten\n/);
    const world = /directory (\S+\/kpod-w-abcdef)\n/.exec(result.stdout)?.[1] ?? "none named";
    expect(world).toMatch(/^\//);
    expect(existsSync(world)).toBe(false);
    const pid = /process (\d+): sleep 600/.exec(result.stdout)?.[1] ?? "none named";
    expect(pid).toMatch(/^\d+$/);
    expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
    expect(lastLine(result)).toBe("1 passed, 1 failed, 0 skipped");
    expect(result.exitCode).toBe(1);
  });

  test("that is asked to end ends its tests, clears up, and fails", async () => {
    const stays = `
      import { mkdirSync, writeFileSync } from "node:fs";
      import { tmpdir } from "node:os";
      test("stays", async () => {
        mkdirSync(tmpdir() + "/kpod-w-abcdef");
        process.stdout.write(\`at work in \${tmpdir()}\\n\`);
        await new Promise((resolve) => setTimeout(resolve, 30_000));
      }, 40_000);`;
    const run = startIn({ "test/stays.test.ts": stays }, ["test/stays.test.ts"]);
    const ended = finish(run, "the test run");
    let output = "";
    run.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const place = (): string | undefined => /at work in (\S+)\n/.exec(output)?.[1];
    await until("its test is at work", () => place() !== undefined);
    run.kill("SIGTERM");
    const result = await ended;
    expect(lastLine(result)).toMatch(/^0 passed, [1-9]/);
    expect(result.exitCode).not.toBe(0);
    expect(existsSync(place() ?? "/")).toBe(false);
  });

  test.each(["true", undefined])("notes what appears without a mark, and passes (CI %s)", async (CI) => {
    const leak = `
      import { mkdirSync } from "node:fs";
      import { listMounts } from "../scripts/lib/machine.mjs";
      test("leaks", () => {
        const hierarchy = listMounts().find(({ type }) => type.startsWith("cgroup"));
        mkdirSync(hierarchy.mountPoint + "/${LEAK}");
      });`;
    const result = await runIn({ "test/leak.test.ts": leak }, ["test/leak.test.ts"], CI);
    const cgroup = removeLeak();
    expect(cgroup).toHaveLength(1);
    const note = result.stdout.indexOf(`cgroup ${cgroup.join()}\n`);
    expect(note).toBeGreaterThan(0);
    // The closing lines are jest's and the counts, with nothing between them.
    const closing =
      /\nTest Suites: .*\nTests: .*\nSnapshots: .*\nTime: .*\nRan all .*\n\n1 passed, 0 failed, 0 skipped\n$/;
    expect(result.stdout.slice(note)).toMatch(closing);
    expect(result.exitCode).toBe(0);
  });
});
