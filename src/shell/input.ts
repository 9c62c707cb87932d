import type { ReadStream } from "node:tty";
import { errorMessage, KpodError } from "../lib/errors";
import { windowSize } from "../lib/system/streams";
import type { BaseContext } from "./context";

/** Asks whoever sits at the terminal. */
export interface Prompt {
  /** Asks for a line, which the terminal shows. */
  readonly line: (question: string) => Promise<string>;
  /** Asks for a line that nobody is to see. */
  readonly secret: (question: string) => Promise<string>;
}

type Interruptible = Pick<BaseContext, "signal">;

/** True where questions can be asked: standard input is a terminal. */
export function canPrompt(): boolean {
  return windowSize(0) !== undefined;
}

/**
 * Has questions asked on the terminal: on standard error, as standard output is for results. Ctrl-C ends kpod as
 * everywhere, and the terminal is left as it was.
 * @param otherwise what a user does without a terminal, for the error: `give --password-stdin`
 * @throws KpodError BAD_ARGUMENT where standard input is no terminal, or ends; InterruptedError
 */
export async function withPrompt<T>(
  context: Interruptible & Pick<BaseContext, "terminal">,
  otherwise: string,
  action: (prompt: Prompt) => Promise<T>,
): Promise<T> {
  if (!canPrompt()) {
    throw new KpodError("BAD_ARGUMENT", "standard input is no terminal to ask on", { hint: otherwise });
  }
  const { terminal } = context;
  const line = async (question: string): Promise<string> => {
    const typed = new TypedLine();
    terminal.error(question);
    await readInput(context, (text) => {
      switch (typed.add(text)) {
        case "line":
          return true;
        case "interrupt":
          process.kill(process.pid, "SIGINT");
          return false;
        case "end":
          throw new KpodError("BAD_ARGUMENT", "standard input has ended", { hint: otherwise });
        case undefined:
          return false;
      }
    });
    if (!typed.ended) throw new KpodError("BAD_ARGUMENT", "standard input has ended", { hint: otherwise });
    return typed.text;
  };
  const secret = async (question: string): Promise<string> => {
    const stream = process.stdin as ReadStream;
    // The terminal then shows nothing, and neither Ctrl-C nor Ctrl-Z leaves it like that.
    stream.setRawMode(true);
    try {
      return await line(question);
    } finally {
      stream.setRawMode(false);
      terminal.error("\n");
    }
  };
  return action({ line, secret });
}

/**
 * Asks for a yes; all else is a no.
 * @param otherwise what a user does without a terminal
 * @throws as {@link withPrompt}
 */
export async function isAgreed(
  context: Interruptible & Pick<BaseContext, "terminal">,
  otherwise: string,
  question: string,
): Promise<boolean> {
  const answer = await withPrompt(context, otherwise, ({ line }) => line(`${question} [y/N] `));
  return /^\s*y(?:es)?\s*$/i.test(answer);
}

/**
 * All of standard input as text.
 * @param limit bytes that it can have
 * @throws KpodError BAD_ARGUMENT where it has more; InterruptedError
 */
export async function readAllInput(context: Interruptible, limit: number): Promise<string> {
  let all = "";
  await readInput(context, (text) => {
    all += text;
    if (all.length > limit) {
      throw new KpodError("BAD_ARGUMENT", `standard input holds more than ${limit} characters`);
    }
    return false;
  });
  return all;
}

/** Hands on what comes from standard input until it ends, or until that is enough. @throws InterruptedError */
async function readInput({ signal }: Interruptible, take: (text: string) => boolean): Promise<void> {
  const stream = process.stdin;
  const interrupted = signal();
  interrupted.throwIfAborted();
  stream.setEncoding("utf8");
  let release = (): void => {};
  try {
    await new Promise<void>((resolve, reject) => {
      const onData = (text: string): void => {
        try {
          if (take(text)) resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(errorMessage(error)));
        }
      };
      const onAbort = (): void => {
        reject(interrupted.reason as Error);
      };
      stream.on("data", onData);
      stream.on("end", resolve);
      stream.on("error", reject);
      interrupted.addEventListener("abort", onAbort);
      release = () => {
        stream.off("data", onData);
        stream.off("end", resolve);
        stream.off("error", reject);
        interrupted.removeEventListener("abort", onAbort);
      };
      stream.resume();
    });
  } finally {
    release();
    // Else it keeps the process.
    stream.pause();
  }
}

/** A line as it is typed, also on a terminal that hands on every key. */
export class TypedLine {
  text = "";
  ended = false;

  /**
   * Takes what was typed. What comes behind the end of the line is passed over.
   * @returns what it came to: the whole line, Ctrl-C, or Ctrl-D at its beginning; undefined for none of these
   */
  add(keys: string): "line" | "interrupt" | "end" | undefined {
    for (const key of keys) {
      switch (key) {
        case "\r":
        case "\n":
          this.ended = true;
          return "line";
        case "\x03":
          return "interrupt";
        case "\x04":
          if (this.text === "") return "end";
          break;
        case "\x7f":
        case "\b":
          this.text = Array.from(this.text).slice(0, -1).join("");
          break;
        case "\x15":
          this.text = "";
          break;
        default:
          this.text += key;
      }
    }
    return undefined;
  }
}
