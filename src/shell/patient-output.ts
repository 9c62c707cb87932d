import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { describeErrno, errnoOf, KpodError } from "../lib/errors";
import { ClosedPipeError } from "./errors";

/** Milliseconds between two attempts to write to a pipe that is full. */
const pause = 5;

/**
 * What writes to standard output where that is a pipe of which the reader may take its time: meanwhile Ctrl-C still ends
 * kpod, which a write that waits would not let it see.
 * @returns undefined where standard output is no pipe
 */
export function patientOutput(signal: AbortSignal): ((bytes: Uint8Array) => Promise<void>) | undefined {
  if (!fstatSync(1).isFIFO()) return undefined;
  // Opened anew, so that it stays as it is for who else has it.
  const fd = openAgain();
  return async (bytes) => {
    for (let written = 0; written < bytes.length;) {
      signal.throwIfAborted();
      try {
        written += writeSync(fd, bytes, written);
      } catch (error) {
        if (errnoOf(error) !== "EAGAIN") throw outputError(error);
        await setTimeout(pause);
      }
    }
  };
}

function openAgain(): number {
  try {
    return openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw outputError(error);
  }
}

function outputError(error: unknown): Error {
  // The second is what open(2) says where the reader is gone.
  if (["EPIPE", "ENXIO"].includes(errnoOf(error) ?? ""))
    return new ClosedPipeError("standard output is closed");
  return new KpodError("IO", `cannot write to standard output: ${describeErrno(error)}`, { cause: error });
}
