import type { CommandContext } from "../../shell/context";
import { ExitCode } from "../../shell/exit-code";
import type { command } from "./command";

/** `kpod help`: the help of the command that the arguments name. */
export async function run({ showHelp, args }: CommandContext<typeof command>): Promise<number> {
  await showHelp(args);
  return ExitCode.success;
}
