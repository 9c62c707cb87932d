import type { CommandContext } from "../../shell/command";
import type { stopFlags } from "./command";
import { forEachArgument } from "../shared/each";

/** `kpod stop`: stops containers side by side. */
export async function run(
  context: CommandContext<typeof stopFlags, readonly [string, ...string[]]>,
): Promise<number> {
  const { timeout } = context.flags;
  const server = await context.openServer();
  await server.update({ states: false });
  return forEachArgument(context, context.args, (name) =>
    server.containerStop(name, timeout, context.signal()),
  );
}
