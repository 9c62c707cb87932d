import { isatty } from "node:tty";
import type { CommandContext } from "../../shell/context";
import { describeError, exitCodeOf, isQuiet, UsageError } from "../../shell/errors";
import { ExitCode } from "../../shell/exit-code";
import type { ContainerServer } from "../../lib/container-server";
import type { Container } from "../../lib/oci/container";
import type { ExecStreams } from "../../lib/oci/runtime/exec";
import { execInContainer, type ExecOptions } from "../../lib/operations/exec";
import { asksToEnd } from "../../lib/operations/forward-signal";
import { isInheritable } from "../../lib/system/descriptors";
import { keepTerminalMode } from "../../lib/system/terminal-mode";
import { readEnvironment } from "../shared/environment";
import { absoluteOption } from "../shared/flag-values";
import { headingOf, readSelection, selectContainers, type Selection } from "../shared/selection";
import type { command } from "./command";
import { holdTerminal, onTerminalResize } from "../shared/foreground";
import { outputsInTurn, type Turn } from "./in-turn";

type Context = CommandContext<typeof command>;

const selectable = { verb: "exec", states: ["running"], inWords: "that runs" } as const;

/** `kpod exec`: runs a command in a container, or in several. */
export async function run(context: Context): Promise<number> {
  const selection = readSelection(context.flags);
  const options = readOptions(context, selection);
  const server = await context.openServer();
  if (isOfSeveral(selection)) return execInEach(context, server, selection, options);
  const container = await oneContainer(context, server, selection);
  if (context.flags.detach) return execInContainer(server, container, options);
  const { terminal } = context;
  // crun leaves the terminal as the command needed it.
  const held = context.flags.tty ? await holdTerminal(keepTerminalMode) : undefined;
  const streams: ExecStreams = {
    stdin:
      context.flags.interactive || context.flags.tty ? { fd: 0, stream: () => process.stdin } : undefined,
    stdout: { fd: 1, write: terminal.out },
    stderr: { fd: 2, write: terminal.error },
    onResize: onTerminalResize,
    onStarted: held?.endsWith,
  };
  try {
    const { interceptSignals } = context;
    return await execInContainer(server, container, { ...options, streams, interceptSignals });
  } finally {
    held?.restore();
  }
}

/** True for flags that may choose several containers. */
function isOfSeveral(selection: Selection | undefined): selection is Selection {
  return selection?.latest === false;
}

async function oneContainer(
  context: Context,
  server: ContainerServer,
  selection: Selection | undefined,
): Promise<Container> {
  if (selection !== undefined) {
    const [latest] = await selectContainers(context, server, selection, selectable);
    if (latest !== undefined) return latest;
  }
  const [name] = context.args;
  await server.updateRecords([name]);
  return server.lookupContainer(name, "exec", { attempt: "newest" });
}

/** @throws UsageError */
function readOptions({ flags, args }: Context, selection: Selection | undefined): ExecOptions {
  const [first, ...rest] = args;
  // With flags that choose the containers, the first word is the command's already.
  const words = selection === undefined ? rest : [first, ...rest];
  // As kubectl has it: nothing is called so.
  const command = words[0] === "--" ? words.slice(1) : words;
  if (command.length === 0) {
    throw new UsageError("too few arguments, exec takes CONTAINER COMMAND [ARG...]");
  }
  if (isOfSeveral(selection)) {
    for (const flag of ["interactive", "tty"] as const) {
      if (flags[flag])
        throw new UsageError(`option --${flag} is for one container: several cannot share a standard input`);
    }
  } else if (flags.parallel) {
    throw new UsageError(
      "option --parallel is for several containers: choose them by --all, --pod, --label or --filter",
    );
  }
  const cwd = flags.workdir === undefined ? undefined : absoluteOption("workdir", flags.workdir);
  if (flags.tty && !isatty(0)) {
    throw new UsageError("standard input is no terminal that the command could be given: leave out --tty");
  }
  for (let fd = 3; fd < 3 + flags.preserveFds; fd++) {
    if (!isInheritable(fd)) throw new UsageError(`option --preserve-fds: there is no file descriptor ${fd}`);
  }
  return {
    command,
    env: readEnvironment(flags.env, flags.envFile),
    user: flags.user,
    cwd,
    terminal: flags.tty ? (process.env.TERM ?? "xterm") : undefined,
    privileged: flags.privileged,
    preserveFds: flags.preserveFds,
    timeoutMs: flags.timeout === undefined ? undefined : flags.timeout * 1000,
  };
}

/** Runs the command in several containers, with a heading for each. @returns the highest exit code */
async function execInEach(
  context: Context,
  server: ContainerServer,
  selection: Selection,
  options: ExecOptions,
): Promise<number> {
  const { flags, terminal, interceptSignals } = context;
  const containers = await selectContainers(context, server, selection, selectable);
  if (flags.detach) {
    const codes = containers.map(async (container) => {
      try {
        return await execInContainer(server, container, options);
      } catch (error) {
        context.reportFailure(error);
        return exitCodeOf(error, ExitCode.launchFailed);
      }
    });
    return Math.max(...(await Promise.all(codes)));
  }
  const turns = outputsInTurn(
    terminal,
    containers.map((container) => headingOf(server, container)),
  );
  const handlers = new Set<(name: NodeJS.Signals) => void>();
  const asked = { toEnd: false };
  const release = interceptSignals((name) => {
    asked.toEnd ||= asksToEnd(name);
    for (const handler of handlers) handler(name);
  });
  const runIn = async (container: Container, turn: Turn | undefined): Promise<number> => {
    if (turn === undefined) return 0;
    try {
      return await execInContainer(server, container, {
        ...options,
        streams: { stdout: { write: turn.out }, stderr: { write: turn.error } },
        interceptSignals(handler) {
          handlers.add(handler);
          return () => handlers.delete(handler);
        },
      });
    } catch (error) {
      if (isQuiet(error)) throw error;
      await turn.error(Buffer.from(`Error: ${describeError(error)}\n`));
      return exitCodeOf(error, ExitCode.launchFailed);
    } finally {
      turn.end();
    }
  };
  try {
    if (flags.parallel) {
      return Math.max(
        ...(await Promise.all(containers.map((container, index) => runIn(container, turns[index])))),
      );
    }
    let code = 0;
    for (const [index, container] of containers.entries()) {
      if (asked.toEnd) return Math.max(code, ExitCode.interrupted);
      code = Math.max(code, await runIn(container, turns[index]));
    }
    return code;
  } finally {
    release();
  }
}
