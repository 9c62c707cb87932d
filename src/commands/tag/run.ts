import type { CommandContext } from "../../shell/context";
import type { command } from "./command";

/** `kpod tag`: gives an image further names. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const [image, ...names] = context.args;
  const { storageImageServer } = await context.openServer();
  await storageImageServer.tagImage(image, names);
  return 0;
}
