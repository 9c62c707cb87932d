import type { CommandContext } from "../../shell/context";
import type { command } from "./command";

/** `kpod untag`: takes names from an image, which stays. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const [image, ...names] = context.args;
  const { storageImageServer } = await context.openServer();
  await storageImageServer.removeImageNames(image, names);
  return 0;
}
