import { escapeControl } from "../../format/escape";
import { logoutFromRegistry } from "../../lib";
import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import type { command } from "./command";

/** `kpod logout`: removes credentials for registries. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { flags, args, terminal } = context;
  const [registry] = args;
  if (registry === undefined && !flags.all) throw new UsageError("name a registry, or give --all");
  if (registry !== undefined && flags.all) throw new UsageError("option --all takes no REGISTRY");
  const config = await context.loadConfig();
  await logoutFromRegistry(config, registry, {
    authFile: flags.authfile,
    logger: context.logger,
    signal: context.signal(),
  });
  const which = registry === undefined ? "all registries" : escapeControl(registry);
  terminal.out(`Remove login credentials for ${which}\n`);
  return 0;
}
