import type { CommandContext } from "../../shell/context";
import { forEachArgument } from "../shared/each";
import type { command } from "./command";

/** `kpod stop`: stops containers side by side. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { timeout } = context.flags;
  const server = await context.openServer();
  await server.updateRecords(context.args);
  return forEachArgument(context, context.args, (name) =>
    server.containerStop(name, timeout, context.signal()),
  );
}
