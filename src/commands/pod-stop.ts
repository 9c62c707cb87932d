import type { CommandContext } from "../cli/command";
import type { stopFlags } from "../cli/table/stop";
import { findSandbox } from "../lib/operations/find-container";
import { stopPod } from "../lib/operations/pods";
import { forEachArgument } from "./each";

/** `kpod pod stop`: stops pods. */
export async function run(
  context: CommandContext<typeof stopFlags, readonly [string, ...string[]]>,
): Promise<number> {
  const server = await context.openServer();
  await server.update();
  return forEachArgument(context, context.args, async (name) => {
    const sandbox = findSandbox(server, name, "stop");
    await stopPod(server, sandbox, context.flags.timeout * 1000, context.signal());
    return sandbox.id;
  });
}
