import { KpodError } from "../lib/errors";
import type { Command } from "./command";
import { createContext } from "./context";
import { isInterruption, UsageError } from "./errors";
import { ExitCode } from "./exit-code";
import { parsePlainCommandLine, type Request } from "./program";
import { report } from "./report";
import type { Terminal } from "./terminal";
import { mark } from "./trace";
import { versionLine } from "./version";

/**
 * From the words after `kpod` to an exit code: reads them, does what they ask for, and reports whatever is
 * thrown. Nothing escapes.
 *
 * @param argv the words after `kpod`
 * @param table the commands there are
 */
export async function execute(
  argv: readonly string[],
  terminal: Terminal,
  table: readonly Command[],
): Promise<number> {
  try {
    return await answer(await readRequest(argv, table), terminal, table);
  } catch (error) {
    return report(error, terminal, argv);
  }
}

async function readRequest(argv: readonly string[], table: readonly Command[]): Promise<Request> {
  const plain = parsePlainCommandLine(argv, table);
  if (plain !== undefined) return plain;
  const { parseCommandLine } = await import("./full-parser");
  return parseCommandLine(argv, table);
}

async function answer(request: Request, terminal: Terminal, table: readonly Command[]): Promise<number> {
  switch (request.kind) {
    case "version":
      terminal.out(versionLine);
      return ExitCode.success;
    case "help": {
      const { showHelp } = await import("./help");
      await showHelp(terminal, table, request.path);
      return ExitCode.success;
    }
    case "command":
      return runCommand(request, terminal);
  }
}

async function runCommand(
  { command, given, args, globals }: Request & { kind: "command" },
  terminal: Terminal,
): Promise<number> {
  if (command.needsRoot === true) requireRoot(command);
  const context = createContext(globals, terminal);
  // What changes something is not to be ended in the middle: a signal asks it to stop, where it waits.
  if (command.needsRoot === true) context.signal();
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

function requireRoot({ path }: Command): void {
  if (process.geteuid?.() === 0) return;
  throw new KpodError("NOT_PERMITTED", `kpod ${path.join(" ")} needs root`, {
    hint: "run it as root, for example with sudo",
  });
}
