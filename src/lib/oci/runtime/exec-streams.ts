/*
 * The streams of a further process, where it gets pipes: what is read and written at kpod's end of them.
 */
import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/** Where the output of a process goes. */
export interface ExecOutput {
  /** A descriptor that the process gets for itself where that harms nobody; left out, it gets a pipe always. */
  readonly fd?: number;
  /** Takes what comes through a pipe. What it throws ends the pipe, and the whole in the end. */
  readonly write: (bytes: Buffer) => void | Promise<void>;
}

/** Where the input of a process comes from. */
export interface ExecInput {
  readonly fd: number;
  /** The same to be read, where the process cannot have the descriptor itself. */
  readonly stream: () => Readable;
}

/** Milliseconds without any output after which a pipe is given up, once the process has ended: others may hold it open. */
const lastOutput = 100;

/**
 * Hands on standard input until its end or that of the process. Not by `pipe` of node's streams: that looks at standard
 * output, which from then on does not block, for the process neither.
 */
export async function feed({ stream }: ExecInput, { stdin: pipe }: ChildProcess): Promise<void> {
  if (pipe === null) return;
  const input = stream();
  let closed = false;
  const drained = new Set<() => void>();
  const goOn = (): void => {
    for (const resolve of drained) resolve();
    drained.clear();
  };
  // It may end without having read all of it.
  pipe.on("error", () => {});
  pipe.on("drain", goOn);
  pipe.once("close", () => {
    closed = true;
    goOn();
    input.destroy();
  });
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      if (closed as boolean) return;
      if (!pipe.write(chunk)) await new Promise<void>((resolve) => drained.add(resolve));
    }
  } catch (error) {
    // What was destroyed above says so.
    if (!(closed as boolean)) pipe.destroy(error instanceof Error ? error : undefined);
    return;
  }
  pipe.end();
}

/**
 * Hands on what comes through a pipe, until its end or until nothing comes any more after that of the process.
 * @returns what kept it from being handed on; the process then writes to nobody
 */
export async function drain(
  pipe: Readable | null,
  write: ExecOutput["write"] | undefined,
  ended: Promise<number>,
): Promise<{ readonly error?: unknown }> {
  if (pipe === null) return {};
  const progress = { busy: false, chunks: 0, gaveUp: false };
  const giveUpWhenIdle = async (): Promise<void> => {
    await ended.catch(() => {});
    for (let before = -1; progress.busy || before !== progress.chunks;) {
      before = progress.chunks;
      await sleep(lastOutput, undefined, { ref: false });
    }
    progress.gaveUp = true;
    pipe.destroy();
  };
  void giveUpWhenIdle();
  try {
    for await (const chunk of pipe as AsyncIterable<Buffer>) {
      progress.chunks++;
      progress.busy = true;
      await write?.(chunk);
      progress.busy = false;
    }
    return {};
  } catch (error) {
    progress.busy = false;
    return progress.gaveUp ? {} : { error };
  }
}
