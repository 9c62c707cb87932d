import { isatty } from "node:tty";
import type { CommandContext } from "../../shell/context";
import { escapeControl } from "../../format/escape";
import { loadImages, loadImagesFrom } from "../../lib/images/load";
import { UsageError } from "../../shell/errors";
import type { command } from "./command";

/** `kpod load`: brings images from a file or directory into the store. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { flags, terminal, args } = context;
  const [argument] = args;
  const input = flags.input ?? argument ?? "-";
  if (input === "-" && isatty(0)) {
    throw new UsageError("refusing to read an archive from a terminal: name a file or redirect");
  }
  const { store, config } = await context.openServer();
  const options = {
    tag: flags.tag,
    pick: flags.input === undefined ? undefined : argument,
    signal: context.signal(),
    logger: context.logger,
  };
  const isNamed = flags.input === undefined && argument !== undefined && argument !== "-";
  const images = isNamed
    ? await loadImages(store, config, argument, options)
    : await loadImagesFrom(store, config, input, options);
  for (const { id, name } of images) {
    terminal.out(flags.quiet ? `${id}\n` : `Loaded image: ${escapeControl(name)} (${id})\n`);
  }
  return 0;
}
