/*
 * A further process in a container that runs, by the runtime's own `exec`. The runtime is its parent and hands on
 * streams, signals and the size of a terminal; neither conmon nor CRI-O have a part in it.
 */
import type { ChildProcess, StdioOptions } from "node:child_process";
import { closeSync, fstatSync, readSync } from "node:fs";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { KpodError } from "../../errors";
import { openAnonymousFile } from "../../system/anonymous-file";
import { longestTimer } from "../../system/clock";
import { isNullDevice } from "../../system/files";
import { lastErrorIn } from "./command-failure";
import { runtimeOptions } from "./call";
import { identifyProcess, signalProcess } from "../../system/process-identity";
import { isAlive, isInForeground, readChildren, readCommandLine } from "../../system/process";
import type { WindowSize } from "../../system/streams";
import { resizeTerminalOf } from "./exec-terminal";
import { drain, feed, type ExecInput, type ExecOutput } from "./exec-streams";
import { endStarted } from "./end-started";
import { requireCallable, type RuntimeHandler } from "./handler";

/** The streams of a further process. */
export interface ExecStreams {
  /** Left out, it has none. */
  readonly stdin?: ExecInput | undefined;
  readonly stdout: ExecOutput;
  readonly stderr: ExecOutput;
  /** Tells the size that a terminal of the process is to have from now on; returns what ends that. */
  readonly onResize?: ((listener: (size: WindowSize) => void) => () => void) | undefined;
  /** Told the pid of the runtime, which has these streams. */
  readonly onStarted?: ((pid: number) => void) | undefined;
}

/** A further process, and how it is started. */
export interface ExecRequest {
  /** The process as the runtime reads it. */
  readonly process: string;
  /** Has a terminal: that of the streams, which the runtime prepares and restores. */
  readonly terminal: boolean;
  /** On the file system of this directory lie the files, without names, that the runtime reads and writes. */
  readonly directory: string;
  /** True where the process is somebody else on the node than root. */
  readonly unprivileged: boolean;
  /** True where the runtime will hardly be able to start it: its standard error is a pipe, so that what the runtime says itself stays out of it. */
  readonly unlikely?: boolean | undefined;
  /** Left out, it runs on by itself, without streams. */
  readonly streams?: ExecStreams | undefined;
  /** How many descriptors from 3 on it inherits. */
  readonly preserveFds?: number | undefined;
  /** Milliseconds after which it is killed. */
  readonly timeoutMs?: number | undefined;
  /** Hands the signals that this process gets to somebody else; returns what ends that. */
  readonly interceptSignals?: ((handler: (name: NodeJS.Signals) => void) => () => void) | undefined;
}

/** What became of a further process. */
export interface ExecResult {
  /** That of the process, or of the runtime where that failed. */
  readonly exitCode: number;
  readonly timedOut: boolean;
  /** What the runtime said where it failed itself; undefined where the process has ended. */
  readonly failure: string | undefined;
  /** True where the runtime could say that on the standard error of the request, and no pipe was there to hold it. */
  readonly said: boolean;
}

/** Bytes of what a runtime says that are read. */
const longestLog = 65_536;

/** Milliseconds that the runtime has to end by itself once all that it has started is killed. */
const endTimeLimit = 2_000;

/**
 * Has a runtime start a process in a container, and waits for its end.
 * @throws KpodError UNSUPPORTED for a runtime of virtual machines; RUNTIME_FAILED when it cannot be started; IO; and what
 * writing the output throws
 */
export async function execInContainer(
  handler: RuntimeHandler,
  id: string,
  systemdCgroup: boolean,
  request: ExecRequest,
): Promise<ExecResult> {
  const processFile = openAnonymousFile(request.directory, request.process);
  try {
    return await callInForeground(handler, request, (kept) => ({
      options: runtimeOptions(handler, systemdCgroup),
      // The runtime inherits it; behind those that the process is to have, it closes what it has itself.
      descriptors: [processFile],
      args: [
        ...["exec", "--process", `/proc/self/fd/${3 + kept.length}`],
        ...(kept.length === 0 ? [] : ["--preserve-fds", String(kept.length)]),
        ...(request.streams === undefined ? ["--detach"] : []),
        id,
      ],
    }));
  } finally {
    closeSync(processFile);
  }
}

/** A container that a runtime makes of a bundle, runs until it has ended, and removes. */
export interface RunRequest extends Omit<ExecRequest, "process" | "preserveFds"> {
  /** The directory with its config.json, where the runtime finds it. */
  readonly bundle: string;
  readonly id: string;
  /** The thread is where the runtime is to be while it is started. */
  readonly startIn: <T>(start: () => T) => T;
  /** Ends what its first process has left when that has ended: runc waits until nobody has the output open any more. */
  readonly onEnded: () => Promise<void>;
}

/** Milliseconds between looks whether a runtime has started something, and whether that has ended. */
const startInterval = 10;
const lookInterval = 100;

/** Looks in a row that find nothing started. A runtime may have helpers for a moment each while it makes a container. */
const looksAtEnd = 5;

/**
 * Has a runtime run a container of its own from a bundle, and waits for its end, after which the runtime keeps nothing of it.
 * @throws KpodError as `execInContainer`
 */
export async function runBundle(handler: RuntimeHandler, request: RunRequest): Promise<ExecResult> {
  const over = new AbortController();
  let watched: Promise<void> | undefined;
  try {
    return await callInForeground(
      handler,
      request,
      () => ({
        options: runtimeOptions(handler, false),
        descriptors: [],
        args: ["run", "--bundle", request.bundle, request.id],
      }),
      (start) => {
        const child = request.startIn(start);
        watched = child.pid === undefined ? undefined : watchFirst(child.pid, request, over.signal);
        return child;
      },
    );
  } finally {
    over.abort();
    await watched;
  }
}

/** Calls `onEnded` once a runtime that has started something has nothing any more: a command may be over between two looks. */
async function watchFirst(
  runtime: number,
  { onEnded }: Pick<RunRequest, "onEnded">,
  over: AbortSignal,
): Promise<void> {
  let begun = false;
  for (let without = 0; !over.aborted;) {
    const living = readChildren(runtime).some((pid) => isAlive({ pid }));
    begun ||= living;
    without = living ? 0 : without + 1;
    if (begun && without >= looksAtEnd) {
      await onEnded();
      return;
    }
    await sleep(begun ? lookInterval : startInterval, undefined, { signal: over }).catch(() => {});
  }
}

/** How a runtime is called whose process has the streams of a request. */
interface ForegroundCall {
  /** Those before the verb. */
  readonly options: readonly string[];
  readonly args: readonly string[];
  /** What it inherits behind the descriptors that the process is to have. */
  readonly descriptors: readonly number[];
}

async function callInForeground(
  handler: RuntimeHandler,
  request: Omit<ExecRequest, "process">,
  callOf: (kept: readonly number[]) => ForegroundCall,
  startIn: (start: () => ChildProcess) => ChildProcess = (start) => start(),
): Promise<ExecResult> {
  requireCallable(handler);
  const { spawn } = await import("node:child_process");
  const log = openAnonymousFile(request.directory);
  try {
    const { preserveFds = 0 } = request;
    const kept = Array.from({ length: preserveFds }, (_, index) => 3 + index);
    const { options, args, descriptors } = callOf(kept);
    const logAt = 3 + kept.length + descriptors.length;
    const words = [...options, "--log", `/proc/self/fd/${logAt}`, "--log-format", "json", ...args];
    const streams = streamsOf(request);
    const stdio: StdioOptions = [...streams, ...kept, ...descriptors, log];
    const child = startIn(() => spawn(handler.path, words, { stdio, cwd: "/" }));
    const failureSoFar = (): string | undefined => lastErrorIn(textOf(log));
    const { exitCode, timedOut } = await follow(child, handler, request, failureSoFar);
    const failure = exitCode === 0 || timedOut ? undefined : failureSoFar();
    return { exitCode, timedOut, failure, said: typeof streams[2] === "number" };
  } finally {
    closeSync(log);
  }
}

function streamsOf({
  streams,
  unprivileged,
  terminal,
  unlikely,
}: Omit<ExecRequest, "process">): ("ignore" | "pipe" | number)[] {
  if (streams === undefined) return ["ignore", "ignore", "ignore"];
  const given = (fd: number | undefined): number | "pipe" =>
    fd === undefined || (unprivileged && !terminal && wouldChangeHands(fd)) ? "pipe" : fd;
  const { stdin, stdout, stderr } = streams;
  // With a terminal the process has nothing of it, and what comes there is the runtime's own.
  return [
    stdin === undefined ? "ignore" : given(stdin.fd),
    given(stdout.fd),
    terminal || unlikely === true ? "pipe" : given(stderr.fd),
  ];
}

/**
 * Runtimes give the streams of a process to its user, so that it can open them anew. A terminal or a file of root would be
 * somebody else's from then on.
 */
function wouldChangeHands(fd: number): boolean {
  const stat = fstatSync(fd);
  return !stat.isFIFO() && !stat.isSocket() && !isNullDevice(stat);
}

interface Followed {
  readonly exitCode: number;
  readonly timedOut: boolean;
}

async function follow(
  child: ChildProcess,
  handler: RuntimeHandler,
  request: Omit<ExecRequest, "process">,
  failureSoFar: () => string | undefined,
): Promise<Followed> {
  const { streams, interceptSignals, timeoutMs } = request;
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", (error) => {
      reject(
        new KpodError("RUNTIME_FAILED", `cannot start ${handler.path}: ${error.message}`, { cause: error }),
      );
    });
    child.once("exit", (code, signal) => {
      resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]);
    });
  });
  if (child.pid !== undefined) streams?.onStarted?.(child.pid);
  let timedOut = false;
  let endedBy: NodeJS.Signals | undefined;
  const release = interceptSignals?.((name) => {
    // Nobody is there yet who could do anything with it, and a runtime may hang in what the container has made.
    if (child.pid !== undefined && endings.has(name) && isStarting(child.pid)) {
      endedBy ??= name;
      void endInTime(child, ended);
    } else if (request.terminal) signalStarted(child.pid, name);
    else if (!isTyped(name)) child.kill(name);
  });
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => {
            timedOut = true;
            void endInTime(child, ended);
          },
          Math.min(timeoutMs, longestTimer),
        );
  const stopResizing = request.terminal
    ? streams?.onResize?.((size) => {
        if (child.pid !== undefined) resizeTerminalOf(child.pid, size);
      })
    : undefined;
  if (streams?.stdin !== undefined && child.stdin !== null) void feed(streams.stdin, child);
  const outputs = [
    drain(child.stdout, streams?.stdout.write, ended),
    // In a terminal the runtime alone writes here, when it fails: what it says stands in its log, too.
    drain(
      child.stderr,
      request.terminal ? () => {} : ofProcess(streams?.stderr.write, failureSoFar, ended),
      ended,
    ),
  ];
  try {
    const exitCode = await ended;
    const failed = (await Promise.all(outputs)).find(({ error }) => error !== undefined);
    if (failed !== undefined) throw failed.error;
    return { exitCode: endedBy === undefined ? exitCode : 128 + constants.signals[endedBy], timedOut };
  } finally {
    clearTimeout(timer);
    stopResizing?.();
    release?.();
  }
}

/** Milliseconds within which a runtime that fails has written its log, after what it writes to standard error. */
const logTime = 500;

/** Hands on what a process writes, and nothing of a runtime that starts none: that is told by who reads its log. */
function ofProcess(
  write: ExecOutput["write"] | undefined,
  failureSoFar: () => string | undefined,
  ended: Promise<number>,
): ExecOutput["write"] | undefined {
  let hasBegun = false;
  return (
    write &&
    (async (bytes) => {
      if (!hasBegun) {
        await Promise.race([ended.catch(() => {}), sleep(logTime, undefined, { ref: false })]);
        hasBegun = failureSoFar() === undefined;
      }
      if (hasBegun) await write(bytes);
    })
  );
}

/** Signals by which somebody wants a command to end. */
const endings: ReadonlySet<NodeJS.Signals> = new Set(["SIGHUP", "SIGINT", "SIGTERM"]);

/** Past the runtime: runc that has a terminal to restore takes INT for its own, and ends with 0. */
function signalStarted(runtime: number | undefined, name: NodeJS.Signals): void {
  for (const pid of runtime === undefined ? [] : readChildren(runtime)) {
    const process = identifyProcess(pid);
    if (process !== undefined) signalProcess(process, name);
  }
}

/** True for a signal that is of the keyboard, as far as that shows: what runs in this terminal gets it by itself. */
function isTyped(name: NodeJS.Signals): boolean {
  return (name === "SIGINT" || name === "SIGQUIT") && isInForeground();
}

/** True while what a runtime has started is still the runtime's own program. */
function isStarting(runtime: number): boolean {
  const own = readCommandLine(runtime)?.join("\0");
  return readChildren(runtime).every((pid) => {
    const words = readCommandLine(pid);
    return words === undefined || words.join("\0") === own || (words.length === 2 && words[1] === "init");
  });
}

/** Kills all that the runtime has started, and the runtime itself where it does not notice. */
async function endInTime(child: ChildProcess, ended: Promise<number>): Promise<void> {
  if (child.pid === undefined) return;
  await endStarted(child.pid);
  const timer = new AbortController();
  await Promise.race([ended, sleep(endTimeLimit, undefined, { signal: timer.signal }).catch(() => {})]);
  timer.abort();
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
}

function textOf(log: number): string {
  const bytes = Buffer.alloc(longestLog);
  return bytes.toString("utf8", 0, readSync(log, bytes, 0, longestLog, 0));
}
