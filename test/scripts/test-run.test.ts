import { cpSync, existsSync, rmdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { cgroupDirectories } from "../../scripts/lib/machine.mjs";
import { newSince } from "../../scripts/lib/machine-state.mjs";
import { closingLine } from "../../scripts/lib/test-summary.mjs";
import { runProcess } from "../helpers/process";
import type { ProcessResult } from "../helpers/process";
import { testdir } from "../helpers/testdir";
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

test("what is new counts, but for the worlds of another run", () => {
  const before = ["mount /a", "cgroup /sys/fs/cgroup/pids/x"];
  const mine = [
    "mount /tmp/kpod-run-me/kpod-w-1/root/overlay",
    "cgroup /sys/fs/cgroup/pids/kpod-test-me-1",
    "file /run/crio.lock",
  ];
  const theirs = ["cgroup /sys/fs/cgroup/pids/kpod-test-you-2", "mount /tmp/kpod-w-you/root/overlay"];
  const after = [...before, ...mine, ...theirs, "mount /tmp/kpod-run-you/kpod-w-3/root/overlay"];
  expect(newSince(before, after, "me")).toEqual(mine);
});

/** Runs scripts/test.mjs in a small project with these tests. */
async function runIn(tree: Tree, args: readonly string[]): Promise<ProcessResult> {
  const directory = testdir({ "src/main.ts": "export {};\n", "src/lib/index.ts": "export {};\n", ...tree });
  for (const name of ["package.json", "package-lock.json", "jest.config.cjs"]) {
    cpSync(join(REPOSITORY, name), join(directory, name));
  }
  cpSync(join(REPOSITORY, "scripts"), join(directory, "scripts"), { recursive: true });
  cpSync(join(REPOSITORY, "test/helpers"), join(directory, "test/helpers"), {
    recursive: true,
    filter: (path) => !path.endsWith(".test.ts"),
  });
  symlinkSync(join(REPOSITORY, "node_modules"), join(directory, "node_modules"));
  // The outer run's marks are not the inner one's.
  const env = { KPOD_TEST_RUN: undefined, JEST_WORKER_ID: undefined };
  return runProcess(process.execPath, [join(directory, "scripts/test.mjs"), ...args], {
    cwd: directory,
    env,
  });
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
        "test/a.test.ts": 'test("a", () => { expect(1).toBe(2); });',
        "test/b.test.ts": 'throw new Error("broken");',
      },
      ["test"],
    );
    expect(lastLine(result)).toBe("0 passed, 2 failed, 0 skipped");
    expect(result.exitCode).toBe(1);
  });

  test("that leaves things behind fails and names them", async () => {
    const name = `kpod-leak-${process.pid}`;
    const leak = `
      import { mkdirSync, writeFileSync } from "node:fs";
      import { tmpdir } from "node:os";
      import { listMounts } from "../scripts/lib/machine.mjs";
      test("leaks", () => {
        const hierarchy = listMounts().find(({ type }) => type.startsWith("cgroup"));
        mkdirSync(hierarchy.mountPoint + "/${name}");
        mkdirSync(tmpdir() + "/kpod-w-abcdef");
        writeFileSync(tmpdir() + "/forgotten", "");
      });`;
    const result = await runIn({ "test/leak.test.ts": leak }, ["test/leak.test.ts"]);
    const cgroup = cgroupDirectories(`/${name}`);
    for (const directory of cgroup) rmdirSync(directory);
    expect(cgroup).toHaveLength(1);
    expect(result.stdout).toContain(`cgroup ${cgroup.join()}\n`);
    expect(result.stdout).toMatch(/file \S+\/forgotten\n/);
    const world = /directory (\S+\/kpod-w-abcdef)\n/.exec(result.stdout)?.[1] ?? "none named";
    expect(world).toMatch(/^\//);
    expect(existsSync(world)).toBe(false);
    expect(lastLine(result)).toBe("1 passed, 1 failed, 0 skipped");
    expect(result.exitCode).toBe(1);
  });
});
