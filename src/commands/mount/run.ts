import { escapeControl } from "../../format/escape";
import { jsonText } from "../../format/json";
import type { MountedFileSystem } from "../../lib/operations/mounts";
import type { CommandContext } from "../../shell/context";
import type { command } from "./command";

/** `kpod mount`: mounts the file system of a container or an image, or lists those that are mounted. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, terminal } = context;
  const [name] = args;
  const server = await context.openServer();
  await server.updateRecords(name === undefined ? undefined : args);
  const listed = name === undefined ? await server.mounted() : [await server.mount(name, flags.label)];
  if (flags.format === "json") terminal.out(jsonText(listed.map(asJson)));
  else if (name === undefined) {
    const digits = flags.noTrunc || flags.notruncate ? 64 : 12;
    for (const { id, path } of listed) terminal.out(`${id.slice(0, digits)} ${escapeControl(path)}\n`);
  } else {
    for (const { path } of listed) terminal.out(`${escapeControl(path)}\n`);
  }
  return 0;
}

function asJson({ id, names, path }: MountedFileSystem): Record<string, unknown> {
  return { id, names, mountpoint: path };
}
