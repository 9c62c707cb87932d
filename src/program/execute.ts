import { KpodError } from "../lib/errors";
import type { Command } from "./command";
import { createContext } from "./context";
import { isInterruption, UsageError } from "../shell/errors";
import { ExitCode } from "../shell/exit-code";
import { parseCommandLine, type Request } from "./command-line";
import { report } from "./report";
import type { Terminal } from "../shell/terminal";
import { mark } from "../shell/trace";
import { versionLine } from "../shell/version";

/**
 * From the words after `kpod` to an exit code: reads them, does what they ask for, and reports whatever is
 * thrown. Nothing escapes.
 *
 * @param argv the words after `kpod`
 * @param commands the commands there are
 */
export async function execute(
  argv: readonly string[],
  terminal: Terminal,
  commands: readonly Command[],
): Promise<number> {
  let failed: number | undefined;
  try {
    const request = await parseCommandLine(argv, commands);
    if (request.kind === "command") failed = request.command.failed;
    return await answer(request, terminal, commands);
  } catch (error) {
    return report(error, terminal, argv, failed);
  }
}

async function answer(request: Request, terminal: Terminal, commands: readonly Command[]): Promise<number> {
  switch (request.kind) {
    case "version":
      terminal.out(versionLine);
      return ExitCode.success;
    case "help": {
      const { showHelp } = await import("./help");
      await showHelp(terminal, commands, request.path);
      return ExitCode.success;
    }
    case "remote": {
      const { runRemotely } = await import("./remote");
      return runRemotely(request, terminal);
    }
    case "command":
      return runCommand(request, terminal, commands);
  }
}

async function runCommand(
  { command, given, args, globals }: Request & { kind: "command" },
  terminal: Terminal,
  commands: readonly Command[],
): Promise<number> {
  const { needsRoot } = command;
  const changes = typeof needsRoot === "object" ? given.has(needsRoot.flag) : needsRoot === true;
  if (changes) requireRoot(command);
  if (globals.hostRoot !== undefined) await enterNode(command, changes, globals.hostRoot);
  const context = createContext(globals, terminal, { changes, commands });
  // What changes something is not to be ended in the middle: a signal asks it to stop, where it waits.
  if (changes) context.signal();
  mark("command line read");
  try {
    return await command.run(context, given, args);
  } catch (error) {
    if (error instanceof UsageError) error.command ??= command.path;
    // The library says that it was interrupted; the signal knows by what, which makes the exit code.
    if (isInterruption(error)) context.signal().throwIfAborted();
    throw error;
  }
}

/** Goes to the root of a mounted node. Its processes are seen from there, but they are not those of this kpod. */
async function enterNode({ path }: Command, changes: boolean, root: string): Promise<void> {
  if (changes) {
    throw new KpodError(
      "UNSUPPORTED",
      `kpod ${path.join(" ")} changes the node: with --host-root it is only looked at`,
      {
        hint: `in a pod with hostPID use chroot ${root} kpod …, or nsenter -t 1 -a kpod …`,
      },
    );
  }
  const { enterHostRoot } = await import("../lib/system/host-root");
  enterHostRoot(root);
}

function requireRoot({ path }: Command): void {
  if (process.geteuid?.() === 0) return;
  throw new KpodError("NOT_PERMITTED", `kpod ${path.join(" ")} needs root`, {
    hint: "run it as root, for example with sudo",
  });
}
