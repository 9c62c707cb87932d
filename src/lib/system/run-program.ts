import type { Options, Subprocess } from "execa";
import { KpodError } from "../errors";
import { callInWords } from "../logger";
import type { ProgramResult, ProgramWatch } from "./ask-program";

/** How a program is run. */
export interface ProgramOptions
  extends Pick<Options, "input" | "inputFile" | "stdin" | "stdout" | "stderr" | "env">, ProgramWatch {
  /** What is said when it is interrupted. */
  interrupted: string;
  /** Is given what it prints, piece by piece, each of which it must use before it returns, or before its promise is kept. */
  write?: (bytes: Uint8Array) => void | Promise<void>;
}

/**
 * Runs a program that may take long to its end, well or not.
 * @throws KpodError INTERRUPTED, and what `write` throws
 */
export async function runProgram(
  program: string,
  words: readonly string[],
  { interrupted, signal, logger, write, ...options }: ProgramOptions,
): Promise<ProgramResult> {
  logger?.debug(callInWords(program, words));
  const { execa } = await import("execa");
  const running = execa(program, words, {
    ...("input" in options || "inputFile" in options ? {} : { stdin: "ignore" }),
    ...options,
    reject: false,
    cwd: "/",
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    ...(write === undefined ? {} : { buffer: { stdout: false } }),
  });
  if (write !== undefined) await handOn(running, write);
  const { isCanceled, signal: endedBy, failed, exitCode, stdout, stderr, originalMessage } = await running;
  // Ctrl-C on a terminal reaches it too, and may have ended it before kpod was told.
  if (isCanceled || endedBy === "SIGINT") throw new KpodError("INTERRUPTED", interrupted);
  return {
    failed,
    exitCode,
    stdout: textOf(stdout),
    stderr: originalMessage ?? textOf(stderr).trim(),
  };
}

async function handOn(
  { stdout, kill }: Pick<Subprocess, "stdout" | "kill">,
  write: (bytes: Uint8Array) => void | Promise<void>,
): Promise<void> {
  try {
    for await (const bytes of stdout ?? []) await write(bytes as Uint8Array);
  } catch (error) {
    kill();
    throw error;
  }
}

/** Text is all that comes of a pipe; what went elsewhere is undefined. */
function textOf(output: unknown): string {
  return typeof output === "string" ? output : "";
}
