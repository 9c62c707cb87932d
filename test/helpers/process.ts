import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";

/** What a program left behind when it ended. */
export interface ProcessResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 128 plus the signal's number where a signal ended it, as a shell says it. */
  readonly exitCode: number;
}

export interface ProcessOptions {
  /** Text for stdin, which is closed after it; without it stdin is empty. */
  readonly input?: string;
  /** Variables beside those of the test; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Milliseconds until the program is killed and the promise rejects; default 60 000. */
  readonly timeout?: number;
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGPIPE: 13,
  SIGTERM: 15,
};

function environment(extra: ProcessOptions["env"] = {}): NodeJS.ProcessEnv {
  // The first slows every start of node, and nothing here speaks to a network; the others jest sets for itself.
  const without = { NODE_EXTRA_CA_CERTS: undefined, FORCE_COLOR: undefined, NO_COLOR: undefined };
  return { ...process.env, ...without, ...extra };
}

/** Starts a program with pipes on all three streams. Its environment is the test's and `options.env`. */
export function startProcess(
  program: string,
  args: readonly string[],
  options: Pick<ProcessOptions, "env" | "cwd"> = {},
): ChildProcessWithoutNullStreams {
  return spawn(program, args, { cwd: options.cwd, env: environment(options.env), stdio: "pipe" });
}

/** Collects a started program's output until all holders of its streams have closed them. */
export async function finish(
  child: ChildProcessWithoutNullStreams,
  what: string,
  options: Pick<ProcessOptions, "input" | "timeout"> = {},
): Promise<ProcessResult> {
  const { input = "", timeout = 60_000 } = options;
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    // A program may end without reading its input.
    child.stdin.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") reject(error);
    });
    child.stdin.end(input);
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      child.stdout.destroy();
      child.stderr.destroy();
      const state =
        child.exitCode === null ? "is still running" : "ended, but something holds its output open";
      const output = `${Buffer.concat(stdout).toString()}${Buffer.concat(stderr).toString()}`;
      reject(new Error(`after ${timeout} ms ${what} ${state}; its output: ${output}`));
    }, timeout);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
        exitCode: code ?? 128 + (SIGNALS[signal ?? ""] ?? 0),
      });
    });
  });
}

/**
 * Runs a program to its end.
 * @throws Error when it cannot be started or is not done in time; an exit code is no error.
 */
export async function runProcess(
  program: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  return finish(startProcess(program, args, options), [program, ...args].join(" "), options);
}

/** Gives the result back, or throws an Error with the program's output where its exit code is not 0. */
export function succeeded(result: ProcessResult, what: string): ProcessResult {
  if (result.exitCode === 0) return result;
  throw new Error(`${what} ended with exit code ${result.exitCode}: ${result.stdout}${result.stderr}`);
}
