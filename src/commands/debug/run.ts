import { isatty } from "node:tty";
import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { debugContainer, type DebugOptions } from "../../lib/launch/debug";
import { keepTerminalMode } from "../../lib/system/terminal-mode";
import { readEnvironment } from "../shared/environment";
import { absoluteOption } from "../shared/flag-values";
import { holdTerminal, onTerminalResize } from "../shared/foreground";
import { launchPull } from "../shared/pull-flag";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod debug`: runs a command with tools of its own beside a container, or in a copy of it. */
export async function run(context: Context): Promise<number> {
  const { args, flags, terminal, interceptSignals } = context;
  const [name] = args;
  const options = readOptions(context);
  const server = await context.openServer();
  await server.updateRecords();
  // A runtime leaves the terminal as the command needed it.
  const held = flags.tty ? await holdTerminal(keepTerminalMode) : undefined;
  try {
    return await debugContainer(server, name, {
      ...options,
      interceptSignals,
      streams: {
        stdin: flags.interactive || flags.tty ? { fd: 0, stream: () => process.stdin } : undefined,
        stdout: { fd: 1, write: terminal.out },
        stderr: { fd: 2, write: terminal.error },
        onResize: onTerminalResize,
        onStarted: held?.endsWith,
      },
    });
  } finally {
    held?.restore();
  }
}

/** @throws UsageError */
function readOptions(context: Context): Omit<DebugOptions, "streams" | "interceptSignals"> {
  const { args, flags } = context;
  const words = args.slice(1);
  const targetRoot = absoluteOption("target-root", flags.targetRoot);
  if (/^\/+$/.test(targetRoot)) throw new UsageError("option --target-root: the tools are at /");
  if (flags.tty && !isatty(0)) {
    throw new UsageError("standard input is no terminal that the command could be given: leave out --tty");
  }
  const { image } = flags;
  return {
    // As kubectl has it: nothing is called so.
    command: words[0] === "--" ? words.slice(1) : words,
    tools:
      image !== undefined
        ? { image, pull: launchPull(context, flags.pull) }
        : flags.hostTools
          ? "node"
          : undefined,
    targetRoot,
    copy: flags.copy,
    env: readEnvironment(flags.env, flags.envFile),
    user: flags.user,
    cwd: flags.workdir === undefined ? undefined : absoluteOption("workdir", flags.workdir),
    terminal: flags.tty ? (process.env.TERM ?? "xterm") : undefined,
    privileged: flags.privileged,
  };
}
