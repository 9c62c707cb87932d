import type { CommandContext } from "../../shell/context";
import { escapeControl } from "../../format/escape";
import { loadImages } from "../../lib/images/load";
import type { command } from "./command";

/** `kpod load`: brings images from a file or directory into the store. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { flags, terminal, args } = context;
  const server = await context.openServer();
  const images = await loadImages(server.store, server.config, args[0], {
    tag: flags.tag,
    signal: context.signal(),
    logger: context.logger,
  });
  for (const { id, name } of images) {
    terminal.out(flags.quiet ? `${id}\n` : `Loaded image: ${escapeControl(name)} (${id})\n`);
  }
  return 0;
}
