import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { tasksInD } from "../../../src/lib/doctor/facts/processes";
import { hungTaskIdsIn } from "../../../src/lib/doctor/readings/hung-tasks";
import { readProcessStat, threadsOf } from "../../../src/lib/system/process";
import { until } from "../../helpers/until";

function line(pid: number): { at: number; text: string } {
  return { at: 0, text: `INFO: task some: 1:${pid} blocked for more than 120 seconds.` };
}

// vfork(2) leaves the thread that calls it in the state D until its child has ended.
(process.arch === "x64" ? test : test.skip)(
  "a thread of a program that lives hangs where the kernel has said so, and it is so now",
  async () => {
    const script = "threads->create(sub { if (syscall(58) == 0) { syscall(34) while 1 } })->join";
    const program = spawn("perl", ["-Mthreads", "-e", script], { stdio: "ignore" });
    const ended = new Promise((resolve) => program.once("exit", resolve));
    const first = program.pid ?? 0;
    const hanging = (): number[] =>
      threadsOf(first)
        .map(Number)
        .filter((thread) => readProcessStat(thread)?.state === "D");
    let child = 0;
    try {
      await until("a thread hangs", () => hanging().length === 1 && readProcessStat(first)?.state === "S");
      const [thread = 0] = hanging();
      child = Number(readFileSync(`/proc/${first}/task/${thread}/children`, "utf8").trim());
      const lines = [line(thread), line(first), line(process.pid), line(thread)];
      expect(tasksInD(hungTaskIdsIn(lines)).map(({ pid }) => pid)).toEqual([thread]);
      expect(tasksInD(hungTaskIdsIn([{ at: 0, text: `task perl:${thread} blocked` }]))).toEqual([]);
    } finally {
      program.kill("SIGKILL");
      if (child > 1) process.kill(child, "SIGKILL");
      await ended;
    }
  },
);
