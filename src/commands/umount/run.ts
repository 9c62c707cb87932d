import type { CommandContext } from "../../shell/context";
import type { command } from "./command";

/** `kpod umount`: unmounts the file system of a container or an image. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags } = context;
  const server = await context.openServer();
  await server.updateRecords(args);
  await server.unmount(args[0], flags.force);
  return 0;
}
