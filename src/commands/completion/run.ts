import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { ExitCode } from "../../shell/exit-code";
import type { command } from "./command";

/** `kpod completion`: prints the script for a shell. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const [shell] = context.args;
  const script = await context.completionScript(shell);
  if (script === undefined)
    throw new UsageError(`no completion for shell "${shell}": it must be bash, zsh or fish`);
  context.terminal.out(script);
  return ExitCode.success;
}
