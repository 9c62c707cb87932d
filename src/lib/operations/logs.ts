import { basename, dirname, join } from "node:path";
import { KpodError } from "../errors";
import { copyLine, type LineVisitor, type LogLine, type LogStream } from "../logs/log-line";
import { logPathOf } from "../logs/log-path";
import { toLogTime, type LogTime } from "../logs/log-time";
import { readLog, type LogPace } from "../logs/read-log";
import type { Container } from "../oci/container";
import type { ServerView } from "../server-parts";
import { noSuchAttempt } from "../names/attempts";
import { namesInDirectory } from "../system/files";

/** What of a log is wanted, and how (libkpod: LogOptions). */
export interface LogOptions {
  /** Gives each line the labels of the container. */
  details?: boolean | undefined;
  /** Goes on until the container has ended and its log is read out. */
  follow?: boolean | undefined;
  /** Lines from this time on: a Date, or nanoseconds since 1970. */
  sinceTime?: Date | LogTime | undefined;
  /** Lines up to this time, and of it. */
  untilTime?: Date | LogTime | undefined;
  /** Only the last lines, so many; undefined for all. libkpod takes 0 for all, here it means none. */
  tail?: number | undefined;
  /** Only what was written there. */
  stream?: LogStream | undefined;
  /** The log of the attempt before: of the container that this one has replaced in its pod. */
  previous?: boolean | undefined;
  /** The log of this attempt of the container, also where nothing else is left of it. */
  attempt?: number | undefined;
  /** With `follow`: also a line that has not been ended, as soon as there is nothing else to read. */
  unfinished?: boolean | undefined;
  /** Ends the reading. */
  signal?: AbortSignal | undefined;
}

/**
 * Reads the log of a container in constant memory, without a question to the runtime unless it is followed. The
 * visitor gets the lines where they lie; the generator gives way after each block of them.
 * @throws KpodError NOT_FOUND when there is no log, CORRUPT, NOT_PERMITTED, IO, INTERRUPTED
 */
export async function* readContainerLog(
  server: ServerView,
  container: Container,
  options: LogOptions,
  visit: LineVisitor,
): AsyncGenerator<LogPace, void> {
  const { sinceTime, untilTime, tail, stream, unfinished, signal } = options;
  const log = logFileOf(server, container, options);
  // Ends the wait for the container's end when the caller wants no more lines.
  const stop = new AbortController();
  const interrupt = (): void => {
    stop.abort(signal?.reason);
  };
  signal?.addEventListener("abort", interrupt);
  if (signal?.aborted === true) interrupt();
  const ended = options.follow === true ? logEnd(server, log.container, stop.signal) : undefined;
  try {
    const since = sinceTime === undefined ? undefined : toLogTime(sinceTime);
    const until = untilTime === undefined ? undefined : toLogTime(untilTime);
    const warn = (message: string): void => {
      server.logger.warn(message);
    };
    const wanted = { since, until, tail, stream, unfinished, rotated: true };
    yield* readLog(log.path, { ...wanted, ended, warn, signal }, visit);
  } finally {
    signal?.removeEventListener("abort", interrupt);
    stop.abort();
  }
}

/** @param container undefined for one that is gone: nobody writes to its log any more */
async function logEnd(
  server: ServerView,
  container: Container | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (container === undefined) return;
  const { waitForLogEnd } = await import("./log-end");
  await waitForLogEnd(server, container, signal);
}

/** The lines of a container's log, one by one (libkpod: GetLogs). */
export async function* getLogs(
  server: ServerView,
  idOrName: string,
  options: LogOptions = {},
): AsyncGenerator<LogLine, void> {
  const container = server.lists.lookupContainer(idOrName, "logs", { attempt: "newest" });
  const details = options.details === true ? container.labels : undefined;
  let lines: LogLine[] = [];
  const reading = readContainerLog(server, container, options, (view) => {
    const line = copyLine(view);
    lines.push(details === undefined ? line : { ...line, details });
  });
  try {
    for (let done = false; !done;) {
      done = (await reading.next()).done === true;
      const ready = lines;
      lines = [];
      yield* ready;
    }
  } finally {
    await reading.return();
  }
}

/** Where a log is, and whose it is. */
interface LogFile {
  path: string;
  /** Undefined when the container is gone and only its log is left. */
  container: Container | undefined;
}

function logFileOf(
  server: Pick<ServerView, "config" | "lists">,
  container: Container,
  { previous, attempt }: Pick<LogOptions, "previous" | "attempt">,
): LogFile {
  if (previous === true) return previousLogFile(server, container);
  return attempt === undefined ? logFile(server, container) : attemptLogFile(server, container, attempt);
}

/** The file of a container's log. @throws KpodError as `logPathOf` */
function logFile(
  server: Pick<ServerView, "config">,
  container: Container,
): LogFile & { container: Container } {
  const { logDir, sources } = server.config;
  return { path: logPathOf(container, logDir, sources.get("logDir") === "--log-dir"), container };
}

/**
 * The log of the attempt before: of the container of the same name in the same pod that a container
 * has replaced. The kubelet removes such a container sooner than its log.
 * @throws KpodError NOT_FOUND when there was no attempt before, or nothing is left of it; as `logPathOf`
 */
function previousLogFile(server: Pick<ServerView, "config" | "lists">, container: Container): LogFile {
  const { attempt } = container.metadata;
  const [before] = attemptsOf(server, container).filter(({ metadata }) => metadata.attempt < attempt);
  if (before !== undefined) return logFile(server, before);
  const left = attempt === 0 ? [] : leftLogs(logFile(server, container).path, attempt);
  const last = left.filter((other) => other.attempt < attempt).sort((a, b) => b.attempt - a.attempt)[0];
  if (last !== undefined) return { path: last.path, container: undefined };
  throw new KpodError("NOT_FOUND", `nothing is left of an attempt before container ${container.name}`);
}

/** @throws KpodError NOT_FOUND, with the attempts of which there is a log; as `logPathOf` */
function attemptLogFile(
  server: Pick<ServerView, "config" | "lists">,
  container: Container,
  attempt: number,
): LogFile {
  const there = attemptsOf(server, container);
  const meant = there.find(({ metadata }) => metadata.attempt === attempt);
  if (meant !== undefined) return logFile(server, meant);
  const left = leftLogs(logFile(server, container).path, container.metadata.attempt);
  const log = left.find((other) => other.attempt === attempt);
  if (log !== undefined) return { path: log.path, container: undefined };
  const numbers = [...there.map(({ metadata }) => metadata.attempt), ...left.map((other) => other.attempt)];
  throw noSuchAttempt(container.metadata.name, attempt, numbers);
}

/** All attempts of a container that are there, the last first. */
function attemptsOf(server: Pick<ServerView, "lists">, container: Container): Container[] {
  const { name } = container.metadata;
  const pod = podOf(server, container);
  return server.lists
    .listContainers((other) => other.metadata.name === name && podOf(server, other) === pod)
    .sort((a, b) => b.metadata.attempt - a.metadata.attempt);
}

/** The pod of a container by its names in Kubernetes: after a restart it is another one in CRI-O. */
function podOf(server: Pick<ServerView, "lists">, { sandboxId }: Container): string {
  const sandbox = server.lists.getSandbox(sandboxId);
  return sandbox === undefined
    ? sandboxId
    : JSON.stringify([sandbox.namespace, sandbox.kubeName, sandbox.uid]);
}

/**
 * The logs in the directory of one. The kubelet names those of a container in one directory by their attempts: `0.log`,
 * `1.log`; of others nothing tells whose they are.
 */
function leftLogs(path: string, attempt: number): { readonly attempt: number; readonly path: string }[] {
  if (basename(path) !== `${attempt}.log`) return [];
  const directory = dirname(path);
  return namesInDirectory(directory, `the directory ${directory}`).flatMap((name) => {
    const number = /^(\d+)\.log$/.exec(name)?.[1];
    return number === undefined ? [] : [{ attempt: Number(number), path: join(directory, name) }];
  });
}
