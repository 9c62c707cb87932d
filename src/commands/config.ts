import type { CommandContext } from "../cli/command";

/** `kpod config`: prints the configuration in force as TOML. */
export async function run(context: CommandContext): Promise<number> {
  context.terminal.out((await context.loadConfig()).toToml());
  return 0;
}
