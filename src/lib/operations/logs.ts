import type { ContainerServer } from "../container-server";
import { copyLine, type LineVisitor, type LogLine, type LogStream } from "../logs/log-line";
import { toLogTime, type LogTime } from "../logs/log-time";
import { readLog, type LogPace } from "../logs/read-log";
import type { Container } from "../oci/container";
import { findContainer } from "./find-container";
import { waitForLogEnd } from "./log-end";
import { logPlace, previousLogPlace } from "./log-place";

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
  server: ContainerServer,
  container: Container,
  options: LogOptions,
  visit: LineVisitor,
): AsyncGenerator<LogPace, void> {
  const { sinceTime, untilTime, tail, stream, unfinished, signal } = options;
  const log = options.previous === true ? previousLogPlace(server, container) : logPlace(server, container);
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
  server: ContainerServer,
  container: Container | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (container !== undefined) await waitForLogEnd(server, container, signal);
}

/** The lines of a container's log, one by one (libkpod: GetLogs). */
export async function* getLogs(
  server: ContainerServer,
  idOrName: string,
  options: LogOptions = {},
): AsyncGenerator<LogLine, void> {
  const container = findContainer(server, idOrName, "logs");
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
