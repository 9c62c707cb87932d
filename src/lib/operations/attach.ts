import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { KpodError } from "../errors";
import { annotations } from "../oci/annotations";
import { connectToConmon, type AttachSocket } from "../oci/conmon/attach-socket";
import { searchMonitor } from "../oci/conmon/find";
import { containerInWords, type Container } from "../oci/container";
import { requireCallable } from "../oci/runtime/handler";
import { unknownExitCode } from "../oci/state/resolved";
import type { ServerParts } from "../server-parts";
import { monotonicNow } from "../system/clock";
import { isAlive } from "../system/process";
import type { ProcessIdentity } from "../system/process-identity";
import { followSize, type AttachWindow } from "./follow-size";
import { watchForKeys } from "./detach-keys";
import { lastingFirstProcess } from "./first-process";
import { notRunning } from "./kill";
import { waitForExit } from "./wait";

/** The streams that somebody has a container's handed on to. */
export interface AttachStreams {
  /** Input for the container; left out, it gets none from here, and others may go on to give it theirs. */
  readonly stdin?: AttachInput | undefined;
  /** Take what it writes; where one throws, that ends the attachment. Left out, it is passed over. */
  readonly stdout?: ((bytes: Buffer) => void) | undefined;
  readonly stderr?: ((bytes: Buffer) => void) | undefined;
  /** The terminal that one of the container is to be as large as. */
  readonly window?: AttachWindow | undefined;
}

/** Where input for a container comes from. */
export interface AttachInput {
  /** Begins to read it, which is the moment to make a terminal hand on every key. */
  readonly open: () => Readable | Promise<Readable>;
  /** Told that it is read no more: the moment to put that terminal back as it was. */
  readonly close?: (() => void) | undefined;
  /** The bytes by which it is left, while the container runs on; none where it is no terminal. */
  readonly detachKeys?: Uint8Array | undefined;
}

/** How a container is attached to. */
export interface AttachOptions {
  readonly streams: AttachStreams;
  /** Called once connected: starts a container of whose output nothing is to be lost. */
  readonly start?: (() => Promise<void>) | undefined;
  /** Leaves it, as the keys of the input do. */
  readonly leave?: AbortSignal | undefined;
  /** Ends it with an error. */
  readonly signal?: AbortSignal | undefined;
}

/** How an attachment ended. */
export type AttachEnd =
  /** With the container; 255 when nobody knows its exit code. */
  | { readonly detached: false; readonly exitCode: number }
  /** It was left, and the container runs on. */
  | { readonly detached: true };

/** Milliseconds between looks whether a conmon that has closed its socket is dead, and its container not. */
const lookInterval = 50;

/** Milliseconds that the end of a container may take to show once its conmon is dead. */
const endShows = 1_000;

/**
 * Connects to the streams of a container that was created and has not ended, as its conmon hands them on: what it writes from
 * then on, and input. Several may be attached at once. Input goes only to a container that was made to read some.
 * @throws KpodError BAD_STATE when it has ended, or is paused; CONMON_FAILED where its conmon is dead, hangs, or dies meanwhile;
 * UNSUPPORTED for one in a virtual machine; INTERRUPTED; and what `start` and the streams throw
 */
export async function attachToContainer(
  server: ServerParts,
  container: Container,
  options: AttachOptions,
): Promise<AttachEnd> {
  server.requireNode();
  await server.runtime.updateStatus(container);
  requireAttachable(server, container);
  const monitor = searchMonitor(container);
  const socket = monitor && (await connectToConmon(container, options.signal));
  if (monitor === undefined || socket === undefined) throw withoutConmon(container, "is not there any more");
  try {
    return await follow(server, container, { ...options, monitor, socket });
  } finally {
    await socket.close();
  }
}

interface Attached extends AttachOptions {
  readonly monitor: ProcessIdentity;
  readonly socket: AttachSocket;
}

async function follow(server: ServerParts, container: Container, attached: Attached): Promise<AttachEnd> {
  const { streams, start, socket, monitor } = attached;
  const over = new AbortController();
  const left = whenLeft(container, attached, over.signal);
  const stopResizing = followSize(server, container, streams.window, { redraw: start === undefined });
  let input: Readable | undefined;
  try {
    await start?.();
    // Watched from the beginning: who removes the container afterwards takes along what its end left behind.
    const exit = waitForExit(server, container, { signal: over.signal });
    exit.catch(() => {});
    input = readsInput(container) ? await streams.stdin?.open() : undefined;
    const output = drain(streams, socket).then(() => endOf(container, monitor, exit));
    // A failure of it counts only as long as somebody waits for the rest.
    output.catch(() => {});
    const fed = input === undefined ? forever : feed(input, streams.stdin?.detachKeys, socket);
    return await Promise.race([output, fed, left.failed, left.detached]);
  } finally {
    over.abort();
    if (input !== undefined) {
      input.destroy();
      streams.stdin?.close?.();
    }
    stopResizing();
  }
}

const forever = new Promise<never>(() => {});
const detached: AttachEnd = { detached: true };

/** Tells when it is left, or ended, from outside. */
function whenLeft(
  { id }: Container,
  { leave, signal }: AttachOptions,
  over: AbortSignal,
): { readonly detached: Promise<AttachEnd>; readonly failed: Promise<never> } {
  const aborted = (by: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve) => {
      by?.addEventListener(
        "abort",
        () => {
          resolve();
        },
        { signal: over },
      );
      if (by?.aborted === true) resolve();
    });
  const failed = aborted(signal).then((): never => {
    throw new KpodError("INTERRUPTED", `interrupted while attached to container ${id}`);
  });
  failed.catch(() => {});
  return { detached: aborted(leave).then(() => detached), failed };
}

/** @throws KpodError BAD_STATE, UNSUPPORTED */
function requireAttachable({ runtime }: Pick<ServerParts, "runtime">, container: Container): void {
  requireCallable(
    runtime.handler(container),
    `cannot attach to ${containerInWords(container)}: it is in a virtual machine`,
  );
  const { status } = container.state ?? {};
  if (status === "running" || status === "created") return;
  if (status === "paused") {
    throw new KpodError("BAD_STATE", `cannot attach to ${containerInWords(container)}: it is paused`, {
      hint: "unpause it first",
    });
  }
  throw new KpodError(
    "BAD_STATE",
    `cannot attach to ${containerInWords(container)}: ${notRunning(container)}`,
  );
}

function withoutConmon(container: Container, what: string): KpodError {
  return new KpodError("CONMON_FAILED", `${containerInWords(container)} has no streams: its conmon ${what}`, {
    hint: "the container runs on: kpod logs -f shows what was written, and kpod exec works",
  });
}

/** True for a container that was made to be given input; to others conmon hands on none. @throws KpodError CORRUPT */
export function readsInput(container: Container): boolean {
  return container.terminal || container.specAnnotations[annotations.stdin] === "true";
}

/** Hands on input until its end, after which the output goes on. @returns when somebody leaves by the keys for it */
async function feed(
  input: Readable,
  keys: Uint8Array = Buffer.alloc(0),
  socket: AttachSocket,
): Promise<AttachEnd> {
  const watch = watchForKeys(keys);
  for await (const chunk of input as AsyncIterable<Buffer>) {
    const { passed, left } = watch(chunk);
    const goesOn = await socket.write(passed);
    if (left) return detached;
    // Who reads no more may still write.
    if (!goesOn) return forever;
  }
  socket.endInput();
  return forever;
}

async function drain({ stdout, stderr }: AttachStreams, socket: AttachSocket): Promise<void> {
  for (let packet = await socket.read(); packet !== undefined; packet = await socket.read()) {
    const write = packet.stream === "stdout" ? stdout : stderr;
    write?.(packet.bytes);
  }
}

/**
 * How a container ended whose conmon has closed its socket: it does so with its own end.
 * @param exit the exit code, once it is known that the container has ended
 * @throws KpodError CONMON_FAILED where that has not
 */
async function endOf(
  container: Container,
  monitor: ProcessIdentity,
  exit: Promise<number | undefined>,
): Promise<AttachEnd> {
  let settled = false;
  const ended = exit.finally(() => (settled = true));
  const lonely = async (): Promise<never> => {
    let since: number | undefined;
    while (!settled) {
      const isLonely = !isAlive(monitor) && lastingFirstProcess(container) !== undefined;
      since = isLonely ? (since ?? monotonicNow()) : undefined;
      if (since !== undefined && monotonicNow() - since > endShows) {
        throw withoutConmon(container, "has just ended");
      }
      await sleep(lookInterval);
    }
    return forever;
  };
  const exitCode = await Promise.race([ended, lonely()]);
  return { detached: false, exitCode: exitCode ?? unknownExitCode };
}
