import { fstatSync } from "node:fs";
import type { CommandContext } from "../../shell/context";
import { expectMuchWork } from "../../shell/much-work";
import { escapeControl } from "../../format/escape";
import type { ContainerServer } from "../../lib/container-server";
import type { Container } from "../../lib/oci/container";
import { isNotFoundError } from "../../lib/names/lookup";
import { readContainerLog, type LogOptions } from "../../lib/operations/logs";
import { createLogOutput, type LogOutput } from "./output";
import { forEachArgument } from "../shared/each";
import { whileRead } from "../shared/while-read";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod logs`: prints what containers have written, one container after the other, or all as they write. */
export async function run(context: Context): Promise<number> {
  const { args, flags, terminal } = context;
  if (flags.reopen) return reopen(context);
  // Of the last lines alone there are few.
  if (flags.tail === undefined) expectMuchWork();
  const options = await readOptions(context);
  const server = await context.openServer();
  // The attempt before is another container.
  await server.updateRecords(flags.previous || flags.attempt !== undefined ? undefined : args);
  const limit = createLimit(flags.limitBytes);
  const output = createLogOutput({
    write(stream, bytes) {
      const allowed = limit.take(bytes);
      if (stream === "stderr") terminal.error(allowed);
      else terminal.out(allowed);
    },
    shared: outputsAreOne(),
  });
  let code = 0;
  const print = async (name: string): Promise<void> => {
    try {
      const container = containerOf(server, name, flags.attempt);
      await printLog(context, server, container, options, { output, limit });
    } catch (error) {
      context.reportFailure(error);
      code = 1;
    }
  };
  if (flags.follow) await whileRead(Promise.race([Promise.all(args.map(print)), limit.reached]));
  else for (const name of args) await print(name);
  return code;
}

/** The container whose log is meant. Of an attempt that is gone the log may be left, beside that of the newest. */
function containerOf(server: ContainerServer, name: string, attempt: number | undefined): Container {
  const newest = (): Container => server.lookupContainer(name, "logs", { attempt: "newest" });
  if (attempt === undefined) return newest();
  try {
    return server.lookupContainer(name, "logs", { attempt });
  } catch (error) {
    if (!isNotFoundError(error)) throw error;
    return newest();
  }
}

/** Has conmon open logs anew, and prints the ids of their containers. */
async function reopen(context: Context): Promise<number> {
  const { args, flags, signal } = context;
  const server = await context.openServer();
  await server.updateRecords(args);
  const { reopenLog } = await import("../../lib/operations/reopen-log");
  return forEachArgument(context, args, async (name) => {
    const container = server.lookupContainer(name, "logs", { attempt: flags.attempt ?? "newest" });
    await reopenLog(server, container, signal());
    return container.id;
  });
}

/** How much may still be printed. */
interface Limit {
  /** The beginning of the bytes that may be. */
  readonly take: (bytes: Uint8Array) => Uint8Array;
  /** True when that is nothing any more. */
  readonly isReached: () => boolean;
  readonly reached: Promise<void>;
}

function createLimit(bytes = Infinity): Limit {
  let left = bytes;
  let tell: () => void = () => {};
  const reached = new Promise<void>((resolve) => (tell = resolve));
  if (left === 0) tell();
  return {
    take(wanted) {
      const allowed = wanted.length > left ? wanted.subarray(0, left) : wanted;
      left -= allowed.length;
      if (left === 0) tell();
      return allowed;
    },
    isReached: () => left === 0,
    reached,
  };
}

async function readOptions({ args, flags, signal }: Context): Promise<LogOptions> {
  const { since, until, follow, tail, stream, details, previous, attempt } = flags;
  const options: LogOptions = {
    follow,
    tail,
    stream,
    details,
    previous,
    attempt,
    // What several containers have not ended would mix in one line.
    unfinished: args.length === 1,
    signal: signal(),
  };
  if (since === undefined && until === undefined) return options;
  const { readPointInTime } = await import("../shared/point-in-time");
  const now = Date.now();
  return {
    ...options,
    ...(since === undefined ? {} : { sinceTime: readPointInTime("since", since, now) }),
    ...(until === undefined ? {} : { untilTime: readPointInTime("until", until, now) }),
  };
}

async function printLog(
  { flags }: Context,
  server: ContainerServer,
  container: Container,
  options: LogOptions,
  { output, limit }: { readonly output: LogOutput; readonly limit: Limit },
): Promise<void> {
  if (limit.isReached()) return;
  const printLine = output.printer({
    name: flags.names ? escapeControl(nameOf(container, flags.attempt)) : "",
    timestamps: flags.timestamps,
    details: flags.details ? detailsText(container.labels) : "",
  });
  try {
    const reading = readContainerLog(server, container, options, printLine);
    while (!limit.isReached() && (await reading.next()).done !== true) output.flush();
    await reading.return();
  } finally {
    output.flush();
  }
}

/** The full name of a container, or what that of another attempt of it is. */
function nameOf({ name }: Container, attempt: number | undefined): string {
  return attempt === undefined ? name : name.replace(/_\d+$/, `_${attempt}`);
}

/** The labels as docker shows details: sorted, and written so that they are one word, whatever is in them. */
function detailsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((entry) => new URLSearchParams([entry]).toString())
    .join(",");
}

/** True when standard output and standard error lead to one place, as they do on a terminal. */
function outputsAreOne(): boolean {
  const [out, error] = [fstatSync(1), fstatSync(2)];
  return out.dev === error.dev && out.ino === error.ino;
}
