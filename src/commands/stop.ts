import type { CommandContext } from "../cli/command";
import type { stopFlags } from "../cli/table/stop";
import { forEachArgument } from "./each";

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
