import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { demoLayout, mustBeOurs } from "../../scripts/lib/demo-directory.mjs";
import { leftovers, sweep } from "../../scripts/lib/sweep.mjs";
import { runProcess } from "../helpers/process";
import type { ProcessResult } from "../helpers/process";
import { testdir } from "../helpers/testdir";

const DEMO = join(__dirname, "../../scripts/demo.mjs");

async function runDemo(directory: string, ...args: string[]): Promise<ProcessResult> {
  return runProcess(process.execPath, [DEMO, ...args], {
    env: { KPOD_DEMO_DIR: directory },
    timeout: 55_000,
  });
}

test("the demo's place is its own, and so is its cgroup", () => {
  expect(demoLayout({})).toMatchObject({ directory: "/var/tmp/kpod-demo", cgroupParent: "/kpod-demo" });
  expect(demoLayout({ KPOD_DEMO_DIR: "" }).directory).toBe("/var/tmp/kpod-demo");
  const other = demoLayout({ KPOD_DEMO_DIR: "/nowhere/else/" });
  expect(other.directory).toBe("/nowhere/else");
  expect(other.cgroupParent).toMatch(/^\/kpod-demo-[0-9a-f]{8}$/);
});

test("a directory with other things in it is refused, for cleaning would delete them", async () => {
  const directory = testdir({ "letter.txt": "dear" });
  expect(() => {
    mustBeOurs({ directory });
  }).toThrow(`${directory} holds other things than a demo`);
  for (const args of [[], ["--clean"]]) {
    const { exitCode, stderr } = await runDemo(directory, ...args);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `Error: ${directory} holds other things than a demo: name another by KPOD_DEMO_DIR\n`,
    );
  }
  expect(readFileSync(join(directory, "letter.txt"), "utf8")).toBe("dear");
});

test("an argument that it does not know is refused", async () => {
  const { exitCode, stderr } = await runDemo(testdir(), "--cleen");
  expect([exitCode, stderr]).toEqual([1, "Error: usage: npm run demo [-- --clean]\n"]);
});

describe("the demo", () => {
  const place = demoLayout({ KPOD_DEMO_DIR: join(testdir(), "demo") });

  afterAll(async () => {
    await sweep(place);
  });

  test("shows running containers in a pod, runs a second time, and cleans up to nothing", async () => {
    const first = await runDemo(place.directory);
    expect(first.stderr).toBe("");
    expect(first.exitCode).toBe(0);
    const steps = [...first.stdout.matchAll(/^\[(\d)\/6\] /gm)].map(([, number]) => number);
    expect(steps).toEqual(["1", "2", "3", "4", "5", "6"]);
    expect(first.stdout).toContain("$ kpod ps --pod\n");
    expect(first.stdout).toMatch(/k8s_ticker_demo_default_\S+_0 .* demo /);
    expect(first.stdout).toMatch(/k8s_idle_demo_default_\S+_0 .* demo /);
    expect(first.stdout).toContain("npm run demo -- --clean");
    expect(first.stdout).not.toContain("removing the demo");

    const second = await runDemo(place.directory);
    expect(second.exitCode).toBe(0);
    expect(second.stdout).toContain(`removing the demo that is there from before, in ${place.directory}`);

    const clean = await runDemo(place.directory, "--clean");
    expect(clean.stdout).toBe(
      `Removed the demo in ${place.directory}: containers, mounts, cgroups and files.\n`,
    );
    expect(leftovers(place)).toEqual([]);
    expect(existsSync(place.directory)).toBe(false);

    const again = await runDemo(place.directory, "--clean");
    expect(again.stdout).toBe(`Nothing to clean up: there is no demo in ${place.directory}.\n`);
    expect(again.exitCode).toBe(0);
  }, 120_000);
});
