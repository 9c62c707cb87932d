import { Worker } from "node:worker_threads";
import { errorMessage, KpodError, type ErrorCode } from "../../errors";
import type { Logger } from "../../logger";
import { perform, type Reader, type Readings } from "./reader";

/** What the thread is asked for. */
export interface Request {
  readonly id: number;
  readonly name: keyof Readings;
  readonly args: Parameters<Readings[keyof Readings]>;
}

/** An error as it goes from one thread to another, which keeps no classes. */
export interface SentError {
  readonly message: string;
  readonly code: string | undefined;
  /** False for one of the operating system. */
  readonly isOurs: boolean;
  readonly hint: string | undefined;
}

/** What the thread answers. */
export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: SentError });

/** Who waits for an answer. */
interface Waiting {
  readonly request: Request;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Starts a thread that reads. Where it cannot be, or ends, this thread reads in its place: on a sick node there may be no
 * room for another one. It keeps nobody from ending.
 * @param program the file in which {@link serveReadings} is called
 * @param logger is told at its level for debugging when there is no thread
 */
export function startReader(program: string, logger: Logger): Reader {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let count = 0;

  const readHere = (why: unknown): void => {
    if (thread !== undefined) logger.debug(`no thread reads ahead: ${errorMessage(why)}`);
    thread = undefined;
    for (const { request, resolve, reject } of waiting.values()) {
      try {
        resolve(perform(request.name, request.args));
      } catch (error) {
        reject(error);
      }
    }
    waiting.clear();
  };

  try {
    thread = new Worker(program);
    thread.on("error", readHere);
    thread.on("messageerror", readHere);
    thread.on("exit", () => {
      readHere("it has ended");
    });
    thread.on("message", (answer: Answer) => {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0) thread?.unref();
      if ("error" in answer) asked?.reject(errorOf(answer.error));
      else asked?.resolve(answer.value);
    });
    // Who listens for messages holds the process, too: only as long as somebody waits for one.
    thread.unref();
  } catch (error) {
    readHere(error);
  }

  return {
    read: (name, ...args) =>
      new Promise((resolve, reject) => {
        const request: Request = { id: ++count, name, args };
        waiting.set(request.id, { request, resolve: resolve as Waiting["resolve"], reject });
        if (thread === undefined) {
          readHere("there is none");
          return;
        }
        thread.ref();
        thread.postMessage(request);
      }),
  };
}

function errorOf({ message, code, isOurs, hint }: SentError): Error {
  // What the thread has sent is the code of a KpodError, where it says that it was one.
  if (isOurs) return new KpodError(code as ErrorCode, message, { hint });
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}
