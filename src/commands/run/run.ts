import { isatty } from "node:tty";
import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import type { LogLine } from "../../lib/logs/log-line";
import { runContainer, type ForegroundStreams } from "../../lib/launch/run";
import { readDetachKeys } from "../shared/detach-keys";
import { readContainerFlags } from "../shared/read-container-flags";
import { streamsHere } from "../shared/streams-here";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/**
 * `kpod run`: runs a command in a new container, in the background or until it has ended. In the foreground Ctrl-C, TERM
 * and HUP go to the container.
 */
export async function run(context: Context): Promise<number> {
  const { flags, terminal, interceptSignals } = context;
  if (flags.rm && flags.detach) throw new UsageError("option --rm cannot be given with --detach");
  const { streams, stdin } = streamsOf(context);
  const given = readContainerFlags(context);
  const container = stdin ? { ...given.container, stdin: true, stdinOnce: true } : given.container;
  const server = await context.openServer();
  const { container: ran, exitCode } = await runContainer(server, {
    ...{ ...given, container },
    ...(flags.detach
      ? {}
      : { foreground: { streams, remove: flags.rm, ...(flags.sigProxy ? { interceptSignals } : {}) } }),
  });
  if (flags.detach) terminal.out(`${ran.id}\n`);
  return exitCode ?? 0;
}

interface Streams {
  readonly streams: ForegroundStreams;
  /** True where the container is given the input of kpod, with whose end its own ends. */
  readonly stdin: boolean;
}

/** @throws UsageError */
function streamsOf({ flags, terminal }: Context): Streams {
  const detachKeys = readDetachKeys(flags.detachKeys);
  const all = flags.attach.length === 0;
  const stdin = !flags.detach && (all ? flags.interactive : flags.attach.includes("stdin"));
  const stdout = all || flags.attach.includes("stdout");
  const stderr = all || flags.attach.includes("stderr");
  const { tty } = flags;
  if (tty && stdin && !isatty(0)) {
    throw new UsageError("standard input is no terminal that the container could be given: leave out --tty");
  }
  if (tty || stdin) {
    return { streams: streamsHere(terminal, { stdin, stdout, stderr, tty, detachKeys }), stdin };
  }
  const onLine = ({ stream, partial, text }: LogLine): void => {
    const bytes = partial ? text : Buffer.concat([text, Buffer.from("\n")]);
    if (stream === "stderr") {
      if (stderr) terminal.error(bytes);
    } else if (stdout) terminal.out(bytes);
  };
  return { streams: onLine, stdin };
}
