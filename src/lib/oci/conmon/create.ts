/*
 * How a conmon begins: it makes the container and stays with it. Which one watches a container, `find.ts` tells.
 */
import { dirname } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../../config";
import { errorMessage, KpodError } from "../../errors";
import { isRecord, makeDirectories } from "../../system/files";
import type { Container } from "../container";
import type { RuntimeHandler } from "../runtime/handler";
import { commandError } from "../runtime/command-failure";
import { conmonArguments, type ConmonRequest, type RestoreSource } from "./options";
import { findConmon } from "./program";
import { callInWords } from "../../logger";
import { programMessage } from "../../system/program-message";

/** What of the configuration a new container's conmon follows. */
export type ConmonConfig = Pick<
  Config,
  "conmonEnv" | "cgroupManager" | "containerExitsDir" | "containerAttachSocketDir" | "logSizeMax" | "noPivot"
>;

/** What of a new container conmon must know beyond the container itself. */
export interface CreateOptions {
  logPath: string;
  terminal: boolean;
  stdin: boolean;
  /** Bytes after which conmon begins the log anew, in the place of what the configuration says; negative for never. */
  logSizeMax?: number;
  /** False has conmon close the input when the first who is attached has no more. */
  leaveStdinOpen: boolean;
  /** Restores the container, whose processes then go on, in the place of creating it. */
  restore?: RestoreSource | undefined;
  /** Called with conmon's pid before the container is made. */
  onMonitorStarted?: (pid: number) => void | Promise<void>;
  /** Ends the wait for the container to be made. */
  signal?: AbortSignal | undefined;
}

/** Bytes of what conmon says that are kept. */
const longestComplaint = 65_536;

/** Milliseconds after its end in which what conmon said is read. */
const complaintTimeLimit = 1000;

/**
 * Makes a container through the conmon of its handler, from the bundle that is ready on disk.
 * @returns the pid of the container's first process, which waits to be started
 * @throws KpodError CONMON_FAILED, RUNTIME_FAILED with what the runtime said, RUNTIME_TIMEOUT, INTERRUPTED
 */
export async function createThroughConmon(
  config: ConmonConfig,
  handler: RuntimeHandler,
  container: Container,
  options: CreateOptions & Pick<ConmonRequest, "timeLimitMs" | "logger">,
): Promise<number> {
  const { containerExitsDir: exitsDir, containerAttachSocketDir: attachSocketDir } = config;
  for (const directory of [dirname(options.logPath), exitsDir, attachSocketDir]) {
    makeDirectories(directory);
  }
  return createWithConmon({
    conmon: findConmon(handler.monitor),
    handler,
    id: container.id,
    name: container.name,
    bundlePath: container.bundlePath,
    persistDir: container.dir,
    exitsDir,
    attachSocketDir,
    logSizeMax: config.logSizeMax,
    noPivot: config.noPivot,
    systemdCgroup: config.cgroupManager === "systemd",
    env: config.conmonEnv,
    ...options,
  });
}

/**
 * conmon calls the runtime's `create`, stays as the container's parent, writes its log and, when it ends, its exit file. It
 * goes into the background itself.
 *
 * Two pipes tie the beginning together: conmon waits on the start pipe until it may go on, and writes to the
 * sync pipe the pid of the container's first process, or -1 and what the runtime said.
 */
async function createWithConmon(request: ConmonRequest): Promise<number> {
  const args = await conmonArguments(request);
  if (request.signal?.aborted === true) throw interrupted(request);
  request.logger?.debug(callInWords(request.conmon, args));
  const { spawn } = await import("node:child_process");
  const child = spawn(request.conmon, args, {
    env: { ...environment(request.env), _OCI_SYNCPIPE: "3", _OCI_STARTPIPE: "4" },
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
    cwd: request.bundlePath,
  });
  // One that could not be started has no pid, and not on every engine streams.
  if (child.pid === undefined) {
    throw await new Promise<KpodError>((resolve) => {
      child.once("error", (error) => {
        resolve(notStarted(request, error));
      });
    });
  }
  const [, stdout, stderr, syncPipe, startPipe] = child.stdio as unknown as [null, ...Duplex[]] &
    Record<1 | 2 | 3 | 4, Duplex>;
  // That it does not know an option it says on stdout.
  const complaints = [collect(stderr), collect(stdout)];
  let interrupt: (() => void) | undefined;
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (error) => {
      reject(notStarted(request, error));
    });
    interrupt = () => {
      reject(interrupted(request));
    };
    request.signal?.addEventListener("abort", interrupt);
  });
  // Whoever loses the race below must not end the program as an unhandled rejection.
  failed.catch(() => {});
  // conmon may die before it reads its start pipe; the sync pipe tells.
  startPipe.on("error", () => {});
  try {
    const answer = readLine(syncPipe, request.timeLimitMs);
    answer.catch(() => {});
    await request.onMonitorStarted?.(child.pid);
    startPipe.end(Buffer.from([0]));
    const line = await Promise.race([answer, failed]);
    if (line === undefined) throw timedOut(request);
    // One that died may have said why a moment after its end was seen.
    if (line === "") await ends(complaints);
    return readAnswer(line, request, messageOf(complaints));
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    if (interrupt !== undefined) request.signal?.removeEventListener("abort", interrupt);
    for (const stream of [stdout, stderr, syncPipe, startPipe]) stream.destroy();
  }
}

function notStarted({ conmon }: ConmonRequest, error: Error): KpodError {
  return new KpodError("CONMON_FAILED", `cannot start ${conmon}: ${errorMessage(error)}`);
}

/** What a stream carries, until it ends or is given up. */
interface Collected {
  readonly text: () => string;
  readonly ended: Promise<void>;
}

function collect(stream: Duplex): Collected {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    // More than that nobody reads.
    if (size < longestComplaint) chunks.push(chunk);
    size += chunk.length;
  });
  const ended = new Promise<void>((resolve) => {
    stream.once("close", resolve);
    stream.once("end", resolve);
  });
  return { text: () => Buffer.concat(chunks).toString("utf8"), ended };
}

/** Waits until they have ended, or for as long as is fit: a child of conmon may hold them open. */
async function ends(streams: readonly Collected[]): Promise<void> {
  const timer = new AbortController();
  const all = Promise.all(streams.map(({ ended }) => ended));
  await Promise.race([all, sleep(complaintTimeLimit, undefined, { signal: timer.signal })]);
  timer.abort();
}

/** What conmon said: on stderr, else on stdout. */
function messageOf(streams: readonly Collected[]): string {
  return streams.map(({ text }) => text().trim()).find((text) => text !== "") ?? "";
}

function environment(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const [name = "", ...value] = entry.split("=");
      return [name, value.join("=")];
    }),
  );
}

/** The first line of a pipe, "" when it ends without one; undefined when the time is up. */
function readLine(pipe: Duplex, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => {
      resolve(undefined);
    }, timeoutMs);
    const finish = (line: string): void => {
      clearTimeout(timer);
      resolve(line);
    };
    pipe.setEncoding("utf8");
    pipe.on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) finish(text.slice(0, text.indexOf("\n")));
    });
    pipe.once("end", () => {
      finish(text);
    });
    // Given up by whoever reads it.
    pipe.once("close", () => {
      clearTimeout(timer);
    });
    pipe.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function readAnswer(line: string, request: ConmonRequest, complaints: string): number {
  let answer: unknown;
  try {
    answer = line === "" ? undefined : JSON.parse(line);
  } catch (error) {
    throw new KpodError("CONMON_FAILED", `conmon gave an answer that cannot be read: ${line}`, {
      cause: error,
    });
  }
  if (!isRecord(answer)) {
    const said = programMessage(complaints);
    throw new KpodError(
      "CONMON_FAILED",
      `conmon ended before it had made the container${said === "" ? "" : `: ${said}`}`,
    );
  }
  // Newer conmon calls the number "data".
  const pid = answer.pid ?? answer.data;
  if (typeof pid === "number" && pid > 0) return pid;
  const said = typeof answer.message === "string" ? answer.message : complaints;
  throw commandError(
    programMessage(said),
    `${request.handler.path} could not ${request.restore === undefined ? "create" : "restore"} the container`,
  );
}

function interrupted({ name }: ConmonRequest): KpodError {
  return new KpodError("INTERRUPTED", `interrupted while ${name} was created`);
}

function timedOut(request: ConmonRequest): KpodError {
  return new KpodError(
    "RUNTIME_TIMEOUT",
    `${request.handler.path} did not create the container within ${request.timeLimitMs / 1000} s`,
  );
}
