// Runs commands in turns and keeps what each run took.
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ScriptError, leanEnvironment } from "../../scripts/lib/run.mjs";

const USAGE = fileURLToPath(new URL("usage.mjs", import.meta.url));
const MAX_OUTPUT = 64 * 1024 * 1024;

/**
 * One run of a command, in milliseconds from its start to its end; what it says goes to a pipe, or to a file. What it has
 * to be preceded or followed by does not count.
 */
function timeOf({ before, after, ...command }) {
  if (before !== undefined) timeOf(before);
  const milliseconds = timeOfOne(command);
  if (after !== undefined) timeOf(after);
  return milliseconds;
}

function timeOfOne({ program, args, environment = {}, outputFile }) {
  const output = outputFile === undefined ? "pipe" : openSync(outputFile, "w");
  const started = process.hrtime.bigint();
  const { status, error, stderr } = spawnSync(program, args, {
    env: leanEnvironment(environment),
    stdio: ["ignore", output, output],
    maxBuffer: MAX_OUTPUT,
  });
  const milliseconds = Number(process.hrtime.bigint() - started) / 1e6;
  if (typeof output === "number") closeSync(output);
  if (error !== undefined || status !== 0) {
    throw new ScriptError(
      `${program} ${args.join(" ")} failed: ${error?.message ?? String(stderr ?? "see its output")}`,
    );
  }
  return milliseconds;
}

/** What a program has used, with those that it ran, as the engine of the executable tells it. */
export function usageOf({ program, args, environment = {} }, engine) {
  const { status, stdout, stderr } = spawnSync(engine, ["run", USAGE, program, ...args], {
    env: leanEnvironment(environment),
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: MAX_OUTPUT,
  });
  if (status !== 0) throw new ScriptError(`${engine} failed: ${String(stderr)}`);
  const usage = JSON.parse(String(stdout));
  if (usage.exitCode !== 0) throw new ScriptError(`${args.join(" ")} failed: ${usage.stderr}`);
  return usage;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs all commands once a round, so that what else the machine does hits them alike.
 * @param commands by name: what to run, with `usage` also what it uses
 * @param engine the program that tells what a program uses
 * @returns by name: medians of milliseconds, of CPU time and of peak memory, and the times of all runs
 */
export function measure(commands, rounds, engine) {
  const runs = new Map(Object.keys(commands).map((name) => [name, { times: [], usages: [] }]));
  // The first run fills the caches of the disk and of compiled code.
  for (let round = -1; round < rounds; round++) {
    for (const [name, command] of Object.entries(commands)) {
      const time = timeOf(command);
      const usage = command.usage === true ? usageOf(command, engine) : undefined;
      if (round < 0) continue;
      runs.get(name).times.push(time);
      if (usage !== undefined) runs.get(name).usages.push(usage);
    }
  }
  return Object.fromEntries(
    [...runs].map(([name, { times, usages }]) => [
      name,
      {
        ms: median(times),
        times,
        ...(usages.length === 0
          ? {}
          : {
              cpuMs: median(usages.map(({ cpuMs }) => cpuMs)),
              rssKb: median(usages.map(({ rssKb }) => rssKb)),
            }),
      },
    ]),
  );
}
