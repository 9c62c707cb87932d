import { errorMessage, errnoOf, KpodError, launchExitCode } from "../lib/errors";
import { escapeControl, oneLine } from "../format/escape";
import { ExitCode } from "./exit-code";

/** Wrong usage: kpod ends with 2, after a line that says what is wrong and one that points to the help. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
  readonly exitCode: number = ExitCode.usage;
  /** Whose help tells more, as words after `kpod`. */
  command: readonly string[] | undefined;

  constructor(message: string, command?: readonly string[]) {
    super(message);
    this.command = command;
  }
}

/** There is no such command: kpod ends with 3, as kpod 1.0.0 did. */
export class UnknownCommandError extends UsageError {
  override readonly name = "UnknownCommandError";
  override readonly exitCode = ExitCode.unknownCommand;
}

/** The user or the system asked kpod to end (Ctrl-C). */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  readonly exitCode: number;

  /**
   * @param signal what arrived, for instance `SIGINT`
   * @param number the signal's number, from which the exit code follows
   */
  constructor(signal: string, number: number) {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + number;
  }
}

/** The reader of standard output is gone. Not a failure: kpod ends without a word. */
export class ClosedPipeError extends Error {
  override readonly name = "ClosedPipeError";
}

/**
 * The exit code for anything that was thrown.
 * @param failed that of a request that failed; where it is the one of what runs a command in a container, two others say
 * that it is the command that cannot be run
 */
export function exitCodeOf(error: unknown, failed: number = ExitCode.failed): number {
  if (error instanceof UsageError || error instanceof InterruptedError) return error.exitCode;
  if (error instanceof ClosedPipeError) return ExitCode.closedPipe;
  return failed === ExitCode.launchFailed ? launchExitCode(error) : failed;
}

/** True for what ends kpod without a word: nobody reads its output, or it was asked to end. */
export function isQuiet(error: unknown): boolean {
  return error instanceof ClosedPipeError || isInterruption(error);
}

/** True for an interruption, and for what the library throws because of one. */
export function isInterruption(error: unknown): boolean {
  for (let link = error; link instanceof Error; link = link.cause) {
    if (link instanceof InterruptedError) return true;
    if (link instanceof KpodError && link.code === "INTERRUPTED") return true;
  }
  return false;
}

/** The error as one line without the leading `Error: `: what happened, then the remedy where one is known. */
export function describeError(error: unknown): string {
  const message = errorMessage(error);
  if (error instanceof KpodError) {
    return oneLine(error.hint === undefined ? message : `${message}: ${error.hint}`);
  }
  // Node's own errors have codes too, ERR_INVALID_ARG_TYPE for example, and are nobody's but ours.
  const fromSystem = /^E[A-Z0-9]+$/.test(errnoOf(error) ?? "");
  if (error instanceof UsageError || fromSystem) return oneLine(message);
  return oneLine(`unexpected failure in kpod: ${message}: --log-level debug shows where`);
}

/** The stacks of an error and of its causes, for `--log-level debug`. */
export function describeStack(error: unknown): string {
  const stacks: string[] = [];
  for (let link = error; link instanceof Error; link = link.cause) {
    stacks.push((stacks.length === 0 ? "" : "caused by ") + (link.stack ?? String(link)));
  }
  return stacks.map((stack) => stack.split("\n").map(escapeControl).join("\n")).join("\n");
}
