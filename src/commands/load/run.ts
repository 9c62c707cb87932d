import { existsSync, fstatSync } from "node:fs";
import { isatty } from "node:tty";
import type { CommandContext } from "../../shell/context";
import { escapeControl } from "../../format/escape";
import { KpodError } from "../../lib/errors";
import { loadImages, loadImagesFrom } from "../../lib/images/load";
import { UsageError } from "../../shell/errors";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod load`: brings images from a file or directory into the store. */
export async function run(context: Context): Promise<number> {
  const { flags, terminal } = context;
  const { path, input = "-", pick } = sourceOf(context);
  const { store, config } = await context.openServer();
  const options = {
    tag: flags.tag,
    pick,
    signal: context.signal(),
    logger: context.logger,
    // What is loaded is told line by line in any case.
    progress: terminal.errorIsTTY && !flags.quiet ? { terminal: 2 as const } : undefined,
  };
  const images =
    path === undefined
      ? await loadImagesFrom(store, config, input, options)
      : await loadImages(store, config, path, options);
  for (const { id, name } of images) {
    terminal.out(flags.quiet ? `${id}\n` : `Loaded image: ${escapeControl(name)} (${id})\n`);
  }
  return 0;
}

/**
 * What is read: a file or directory by its path, or what may be a pipe; and the name of the only image that is meant.
 * An argument is that name, as it was in kpod 1.0.0, where nothing on disk has it.
 */
function sourceOf({ flags, args }: Context): { path?: string; input?: string; pick?: string | undefined } {
  const [argument] = args;
  const { input = argument === undefined ? "-" : undefined } = flags;
  if (input !== undefined && input !== "-") return { input, pick: argument };
  if (input === "-" || argument === undefined || argument === "-") {
    if (isatty(0)) {
      throw new UsageError("refusing to read an archive from a terminal: name a file or redirect");
    }
    return { pick: argument === "-" ? undefined : argument };
  }
  if (/^\.{0,2}\//.test(argument) || existsSync(argument)) return { path: argument };
  // A terminal, or /dev/null: no archive comes from there.
  if (fstatSync(0).isCharacterDevice()) {
    throw new KpodError("NOT_FOUND", `cannot load ${argument}: no such file or directory`, {
      hint: "if it is the name of an image, redirect the archive that holds it to standard input",
    });
  }
  return { pick: argument };
}
