import { KpodError } from "../errors";
import { callInWords, type Logger } from "../logger";

/** What accompanies the run of a program. */
export interface ProgramWatch {
  /** Ends it. */
  signal: AbortSignal | undefined;
  /** Is told of the call. */
  logger: Logger | undefined;
}

/** What came of a program that has ended. */
export interface ProgramResult {
  failed: boolean;
  /** Undefined where it could not be started, or a signal ended it. */
  exitCode: number | undefined;
  /** What it printed, where that goes to nobody else. */
  stdout: string;
  /** The same of its errors, without white space around; rather why it could not be started, or its output not be written. */
  stderr: string;
}

/** Bytes that such a program may print. */
const longestAnswer = 64 * 1024 * 1024;

/**
 * Runs a program that prints what it knows and ends, and is no longer at it than a call of `runProgram` takes to
 * load what that needs.
 * @throws KpodError INTERRUPTED
 */
export async function askProgram(
  program: string,
  words: readonly string[],
  {
    interrupted,
    signal,
    logger,
    input = "",
    limitMs = 0,
  }: ProgramWatch & {
    /** What is said when it is interrupted. */
    readonly interrupted: string;
    readonly input?: string;
    /** Milliseconds after which it is killed, and has failed; without a limit where left out. */
    readonly limitMs?: number;
  },
): Promise<ProgramResult> {
  logger?.debug(callInWords(program, words));
  const { execFile } = await import("node:child_process");
  return new Promise((resolve, reject) => {
    const options = {
      cwd: "/",
      maxBuffer: longestAnswer,
      ...(limitMs === 0 ? {} : { timeout: limitMs, killSignal: "SIGKILL" as const }),
      ...(signal === undefined ? {} : { signal }),
    };
    const running = execFile(program, words, options, (error, stdout, stderr) => {
      if (error?.name === "AbortError" || error?.signal === "SIGINT") {
        reject(new KpodError("INTERRUPTED", interrupted));
        return;
      }
      const exitCode = error === null ? 0 : typeof error.code === "number" ? error.code : undefined;
      const isLate = limitMs > 0 && error?.killed === true && error.signal === "SIGKILL";
      // A word for code is of this end: it could not be started, or said too much.
      const why = typeof error?.code === "string" ? error.message : stderr.trim();
      const says = isLate ? `it did not end in ${limitMs / 1000} s` : why;
      resolve({ failed: error !== null, exitCode, stdout, stderr: says });
    });
    // One that has ended reads no more of it, and by its end that is told.
    running.stdin?.on("error", () => undefined).end(input);
  });
}

/** The first line of what a program complains of; "" where it says nothing. */
export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
