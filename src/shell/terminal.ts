import { fstatSync, writeSync } from "node:fs";
import { describeErrno, errnoOf, KpodError } from "../lib/errors";
import { blockFor } from "../lib/system/clock";
import { windowSize, type WindowSize } from "../lib/system/streams";
import { ClosedPipeError } from "./errors";

/** Where kpod writes. Tests put buffers in its place. */
export interface Terminal {
  /**
   * Writes text, or bytes, to standard output as it is; whoever calls ends lines and escapes what came from disk.
   *
   * @throws ClosedPipeError when the reader is gone
   * @throws KpodError (`IO`) when the text cannot be written, for instance on a full disk
   */
  readonly out: (text: string | Uint8Array) => void;
  /** Writes text to standard error as it is. A failure is not told: there is nobody left to tell. */
  readonly error: (text: string | Uint8Array) => void;
  /** True when standard output is a terminal. */
  readonly isTTY: boolean;
  /** How many characters a line of the terminal holds; undefined when standard output is not one. */
  readonly columns: number | undefined;
  /** How many lines the terminal holds; undefined when standard output is not one. */
  readonly rows: number | undefined;
  /** Calls back whenever the terminal has another size; returns what ends that. */
  readonly onResize: (listener: () => void) => () => void;
  /** True when standard error is a terminal. */
  readonly errorIsTTY: boolean;
  /** True when standard output shows colours. */
  readonly color: boolean;
  /** True when standard error shows colours. */
  readonly errorColor: boolean;
}

/** The terminal of this process. It writes by system calls: loading node's streams costs 3 ms. */
export const systemTerminal: Terminal = {
  out(text) {
    try {
      writeAll(1, text);
    } catch (error) {
      if (errnoOf(error) === "EPIPE") throw new ClosedPipeError("standard output is closed");
      throw new KpodError("IO", `cannot write to standard output: ${describeErrno(error)}`, { cause: error });
    }
  },
  error(text) {
    try {
      writeAll(2, text);
    } catch {
      // See the interface: the exit code is all that is left to say it with.
    }
  },
  get isTTY() {
    return sizeOf(1) !== undefined;
  },
  get columns() {
    return numberOrNone(sizeOf(1)?.columns);
  },
  get rows() {
    return numberOrNone(sizeOf(1)?.rows);
  },
  onResize(listener) {
    if (sizeOf(1) === undefined) return () => {};
    process.stdout.on("resize", listener);
    return () => {
      process.stdout.off("resize", listener);
    };
  },
  get errorIsTTY() {
    return sizeOf(2) !== undefined;
  },
  get color() {
    return wantsColor(process.env, () => sizeOf(1) !== undefined);
  },
  get errorColor() {
    return wantsColor(process.env, () => sizeOf(2) !== undefined);
  },
};

/**
 * Whether colours are shown: where the environment says so (FORCE_COLOR goes before NO_COLOR, as in node; see
 * https://force-color.org and https://no-color.org), else on terminals that have any.
 */
export function wantsColor(environment: NodeJS.ProcessEnv, isTerminal: () => boolean): boolean {
  const { FORCE_COLOR: force = "", NO_COLOR: none = "", TERM: terminal } = environment;
  if (force !== "") return force !== "0" && force !== "false";
  return none === "" && terminal !== "dumb" && isTerminal();
}

/** A terminal that nobody told its size says 0. */
function numberOrNone(size: number | undefined): number | undefined {
  return size === 0 ? undefined : size;
}

/** The size of what a descriptor leads to; undefined where that is no terminal. */
function sizeOf(descriptor: 1 | 2): WindowSize | undefined {
  // Most calls end at the first test.
  return fstatSync(descriptor).isCharacterDevice() ? windowSize(descriptor) : undefined;
}

function writeAll(descriptor: number, text: string | Uint8Array): void {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      // Someone who shares the pipe made it non-blocking: wait until its reader has caught up.
      if (errnoOf(error) !== "EAGAIN") throw error;
      blockFor(5);
    }
  }
}
