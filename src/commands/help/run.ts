import type { CommandContext } from "../../shell/command";
import { ExitCode } from "../../shell/exit-code";
import { showHelp } from "../../program/help";
import { table } from "../../program/command-list";

/** `kpod help`: the help of the command that the arguments name. */
export async function run({
  terminal,
  args,
}: CommandContext<Readonly<Record<string, never>>, readonly string[]>): Promise<number> {
  await showHelp(terminal, table, args);
  return ExitCode.success;
}
