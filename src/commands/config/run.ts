import type { CommandContext } from "../../shell/context";
import { escapeControl } from "../../format/escape";
import { crioText } from "../../lib/config/index";
import { findCrioVersion } from "../../lib/crio/find-version";
import type { command } from "./command";

/** `kpod config`: prints the configuration in force as TOML, with the version of CRI-O whose defaults stand in it. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const config = await context.loadConfig();
  const crio = await context.unlessInterrupted(findCrioVersion(config));
  const version = crio === undefined ? "" : `# CRI-O: ${escapeControl(crioText(crio))}\n`;
  context.terminal.out(version + config.toToml());
  return 0;
}
