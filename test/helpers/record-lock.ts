import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startProcess } from "./process";

/** POSIX locks are those of containers/storage; locks of open file descriptions are kpod's own. */
export type LockStyle = "posix" | "ofd";

/** A process beside the test that locks a file when told. */
export interface Locker {
  readonly pid: number;
  /** Tries to take the lock at once. @returns whether it got it */
  lock(style: LockStyle, kind: "read" | "write"): Promise<boolean>;
  unlock(style: LockStyle): Promise<void>;
}

const lockers: ChildProcessWithoutNullStreams[] = [];

afterAll(async () => {
  for (const child of lockers.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.stdin.end();
    await ended;
  }
});

/** Starts a process that takes locks on an existing file. It ends after the last test of the file. */
export function startLocker(path: string): Locker {
  const child = startProcess(process.execPath, [join(__dirname, "record-lock-process.cjs"), path]);
  lockers.push(child);
  const complaints: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (command: string): Promise<boolean> => {
    child.stdin.write(`${command}\n`);
    const answer = await answers.next();
    if (answer.done === true) throw new Error(`the locker ended: ${Buffer.concat(complaints).toString()}`);
    return answer.value === "done";
  };
  if (child.pid === undefined) throw new Error("the locker could not be started");
  return {
    pid: child.pid,
    lock: (style, kind) => ask(`lock ${style} ${kind}`),
    unlock: async (style) => {
      if (!(await ask(`unlock ${style}`))) throw new Error("the locker could not unlock");
    },
  };
}

/** True while the kernel keeps a process waiting for a POSIX lock: the "->" lines of /proc/locks. */
export function isWaitingForLock(pid: number): boolean {
  return readFileSync("/proc/locks", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .some(([, arrow, , , , waiter]) => arrow === "->" && waiter === String(pid));
}
