import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import {
  identifyProcess,
  killGroupOf,
  knownProcess,
  signalProcess,
} from "../../../src/lib/system/process-identity";
import { isAlive, readCommandLine, readProcessStat } from "../../../src/lib/system/process";
import { until } from "../../helpers/until";

const children: ChildProcess[] = [];

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await until("they have ended", () => children.every(({ pid = 0 }) => !isAlive({ pid })));
});

function start(): { child: ChildProcess; pid: number } {
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  children.push(child);
  return { child, pid: child.pid ?? 0 };
}

test("groups, the first process, this one and what is no pid are nobody that could be meant", () => {
  for (const pid of [0, -1, -7, 1, process.pid, 1.5, NaN, Infinity, 2 ** 53]) {
    expect(identifyProcess(pid)).toBeUndefined();
    expect(knownProcess(pid, "5")).toBeUndefined();
    expect(signalProcess({ pid, startTime: "5" }, "SIGKILL")).toBe(false);
  }
  // With their true start times neither.
  for (const pid of [1, process.pid]) {
    const startTime = readProcessStat(pid)?.startTime ?? "";
    expect(signalProcess({ pid, startTime }, "SIGKILL")).toBe(false);
  }
});

test.each([
  [undefined, "5"],
  [7, undefined],
  [7, ""],
  [7, "x"],
  [7, "-1"],
] as const)("a note of pid %j with start time %j names nobody", (pid, startTime) => {
  expect(knownProcess(pid, startTime)).toBeUndefined();
});

test("the very process is hit", async () => {
  const { pid, child } = start();
  const identity = identifyProcess(pid);
  if (identity === undefined) throw new Error("it has started");
  expect(isAlive(identity)).toBe(true);
  expect(knownProcess(pid, identity.startTime)).toEqual(identity);
  const ended = new Promise((resolve) => {
    child.once("exit", (_, signal) => {
      resolve(signal);
    });
  });
  expect(signalProcess(identity, "SIGTERM")).toBe(true);
  expect(await ended).toBe("SIGTERM");
  expect(isAlive(identity)).toBe(false);
  expect(signalProcess(identity, "SIGKILL")).toBe(false);
});

test("another one that has got the pid is not", () => {
  const { pid } = start();
  const before = { pid, startTime: String(Number(readProcessStat(pid)?.startTime) - 1) };
  expect(isAlive(before)).toBe(false);
  expect(signalProcess(before, "SIGKILL")).toBe(false);
  expect(isAlive({ pid })).toBe(true);
});

test("a thread is no process", async () => {
  const program = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  children.push(program);
  const pid = program.pid ?? 0;
  const threads = (): number[] =>
    readdirSync(`/proc/${pid}/task`)
      .map(Number)
      .filter((id) => id !== pid);
  await until("it has threads", () => threads().length > 0);
  const thread = identifyProcess(threads()[0] ?? 0);
  if (thread === undefined) throw new Error("a thread has a stat");
  expect(signalProcess(thread, "SIGKILL")).toBe(false);
  expect(isAlive({ pid })).toBe(true);
});

test.each([
  ["lives", "wait"],
  ["has ended", "exit"],
])("a group is killed through the program that leads it, which %s", async (_, then) => {
  const leader = spawn("sh", ["-c", `sleep 1000 & echo $!; ${then}`], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(leader);
  const line = await new Promise<Buffer>((resolve) => leader.stdout.once("data", resolve));
  const member = Number(line.toString());
  const ended = new Promise((resolve) => leader.once("exit", resolve));
  await until("the member runs", () => readCommandLine(member)?.[0] === "sleep");
  if (then === "exit") await ended;
  killGroupOf(leader);
  await ended;
  await until("the member has ended", () => !isAlive({ pid: member }));
  killGroupOf(leader);
  killGroupOf({ pid: 0, exitCode: null, signalCode: null });
  killGroupOf({ pid: undefined, exitCode: null, signalCode: null });
});
