import { loadColors } from "../shell/colors";
import { describeError, describeStack, exitCodeOf, isQuiet, UsageError } from "../shell/errors";
import type { Terminal } from "../shell/terminal";

/**
 * The one place where errors become text and exit codes: a line `Error: …` on standard error, after wrong usage
 * one that points to the help, with `--log-level debug` the stack. A closed pipe and Ctrl-C end kpod quietly.
 *
 * @param argv the words after `kpod`, as they were given
 * @param failed the exit code of a request that failed; 1 when left out
 * @returns the exit code
 */
export async function report(
  error: unknown,
  terminal: Terminal,
  argv: readonly string[],
  failed?: number,
): Promise<number> {
  const exitCode = exitCodeOf(error, failed);
  if (isQuiet(error)) return exitCode;
  const { red } = await loadColors(terminal.errorColor);
  terminal.error(`${red("Error:")} ${describeError(error)}\n`);
  if (error instanceof UsageError) {
    terminal.error(`Run '${["kpod", ...(error.command ?? []), "--help"].join(" ")}' for help.\n`);
  } else if (wantsStack(argv)) {
    terminal.error(`${describeStack(error)}\n`);
  }
  return exitCode;
}

/** Read off the bare words, because an error may come before they are parsed and outside of any command. */
function wantsStack(argv: readonly string[]): boolean {
  return /(^|\0)--log-level[=\0]debug(\0|$)/.test(argv.join("\0"));
}
