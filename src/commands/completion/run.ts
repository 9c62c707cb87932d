import type { CommandContext } from "../../shell/command";
import { completionScript, shells } from "../../program/completion/scripts";
import { UsageError } from "../../shell/errors";
import { ExitCode } from "../../shell/exit-code";
import { table } from "../../program/command-list";

/** `kpod completion`: prints the script for a shell. */
export function run({
  terminal,
  args: [wanted],
}: CommandContext<Readonly<Record<string, never>>, readonly [string]>): number {
  const shell = shells.find((name) => name === wanted);
  if (shell === undefined)
    throw new UsageError(`no completion for shell "${wanted}": it must be bash, zsh or fish`);
  terminal.out(completionScript(shell, table));
  return ExitCode.success;
}
