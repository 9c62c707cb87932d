import { parentPort } from "node:worker_threads";
import { errnoOf, errorMessage, KpodError } from "../../errors";
import { perform } from "./reader";
import type { Answer, Request, SentError } from "./reader-thread";

/** Does in this thread what `startReader` asks of it. */
export function serveReadings(): void {
  parentPort?.on("message", ({ id, name, args }: Request) => {
    parentPort?.postMessage(answerTo(id, () => perform(name, args)));
  });
}

function answerTo(id: number, read: () => unknown): Answer {
  try {
    return { id, value: read() };
  } catch (error) {
    return { id, error: sent(error) };
  }
}

function sent(error: unknown): SentError {
  const isOurs = error instanceof KpodError;
  return {
    message: errorMessage(error),
    code: isOurs ? error.code : errnoOf(error),
    isOurs,
    hint: isOurs ? error.hint : undefined,
  };
}
