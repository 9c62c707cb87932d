import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { holderHere } from "../../../src/lib/system/mount-holders";
import { openFilesOf } from "../../../src/lib/doctor/facts/temporary";
import {
  isAlive,
  isPidTaken,
  openFileLinks,
  processLink,
  readCommandLine,
  readProcessStat,
} from "../../../src/lib/system/process";
import { testdir } from "../../helpers/testdir";
import { libc, loadedLibc } from "../../../src/lib/system/libc";
import { until } from "../../helpers/until";

test("a process is itself by its start time", () => {
  const stat = readProcessStat(process.pid);
  expect(stat).toMatchObject({ pid: process.pid, parent: process.ppid });
  expect(stat?.startTime).toMatch(/^\d+$/);
  expect(isAlive({ pid: process.pid })).toBe(true);
  expect(isAlive({ pid: process.pid, startTime: stat?.startTime })).toBe(true);
  expect(isAlive({ pid: process.pid, startTime: "1" })).toBe(false);
  expect(isAlive({ pid: 2 ** 22 + 1 })).toBe(false);
  expect(readProcessStat(2 ** 22 + 1)).toBeUndefined();
  expect(readCommandLine(2 ** 22 + 1)).toBeUndefined();
});

test("a process that works deeper than the kernel can tell leads nobody astray", async () => {
  const top = testdir();
  const script = `
    const { mkdirSync, openSync } = require("node:fs");
    for (let depth = 0; depth < 20; depth += 1) {
      mkdirSync("d".repeat(250));
      process.chdir("d".repeat(250));
    }
    openSync("file", "w");
    console.log("there");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["-e", script], { cwd: top, stdio: ["ignore", "pipe", "inherit"] });
  const pid = child.pid ?? 0;
  try {
    await new Promise((resolve) => child.stdout.once("data", resolve));
    expect(() => readlinkSync(`/proc/${pid}/cwd`)).toThrow("ENAMETOOLONG");
    expect(processLink(pid, "cwd")).toBeUndefined();
    const places = openFileLinks(pid).map((link) => processLink(pid, link));
    expect(places).toContain("/dev/null");
    expect(openFilesOf(pid).map(({ path }) => path)).toContain("/dev/null");
    expect(places).toContain(undefined);
    expect(holderHere(join(top, "elsewhere"))).toBeUndefined();
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    // Node's own removal names each file from the top.
    execFileSync("rm", ["-rf", top]);
  }
});

test("a program's name with brackets and blanks does not confuse its fields", async () => {
  const program = join(testdir(), "a) b (c");
  copyFileSync("/bin/sleep", program);
  const child = spawn(program, ["60"], { stdio: "ignore" });
  const pid = child.pid ?? 0;
  try {
    await until("the program runs", () => readlinkSync(`/proc/${pid}/exe`) === program);
    const stat = readProcessStat(pid);
    expect(stat?.parent).toBe(process.pid);
    expect(stat?.startTime).toMatch(/^\d+$/);
    expect(readCommandLine(pid)).toEqual([program, "60"]);
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }
  expect(isAlive({ pid })).toBe(false);
});

test("a process that waits to be reaped is not alive", async () => {
  // sleep takes the place of the shell, and never asks for the shell's child.
  const parent = spawn("/bin/sh", ["-c", "read line <&3 & echo $!; exec sleep 60 3<&-"], {
    stdio: ["ignore", "pipe", "ignore", "pipe"],
  });
  const [, stdout, , gate] = parent.stdio as unknown as [null, Readable, null, Duplex];
  try {
    const [line] = (await stdout.take(1).toArray()) as Buffer[];
    const pid = Number(line?.toString());
    await until("sleep is there", () => readCommandLine(parent.pid ?? 0)?.[0] === "sleep");
    expect(isAlive({ pid })).toBe(true);
    gate.end();
    await until("the child has ended", () => readProcessStat(pid)?.state === "Z");
    expect(isAlive({ pid })).toBe(false);
    expect(readCommandLine(pid)).toEqual([]);
  } finally {
    const ended = new Promise((resolve) => parent.once("exit", resolve));
    parent.kill("SIGKILL");
    await ended;
  }
});

// By /proc first: once it is loaded, the C library stays.
test.each(["/proc", "the C library"])("whether a pid is taken, by %s", async (means) => {
  if (means !== "/proc") libc();
  expect(loadedLibc() === undefined).toBe(means === "/proc");
  expect(isPidTaken(process.pid)).toBe(true);
  expect(isPidTaken(1)).toBe(true);
  expect([0, -1, 2 ** 22 + 1].map(isPidTaken)).toEqual([false, false, false]);
  const child = spawn("/bin/true");
  await new Promise((resolve) => child.once("exit", resolve));
  await until("it was reaped", () => !isPidTaken(child.pid ?? 0));
});
