import type { CommandContext } from "../cli/command";
import { ExitCode } from "../cli/exit-code";
import { showHelp } from "../cli/help";
import { table } from "../cli/table";

/** `kpod help`: the help of the command that the arguments name. */
export async function run({
  terminal,
  args,
}: CommandContext<Readonly<Record<string, never>>, readonly string[]>): Promise<number> {
  await showHelp(terminal, table, args);
  return ExitCode.success;
}
