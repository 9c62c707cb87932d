import type { CommandContext } from "../cli/command";
import type { podRmFlags } from "../cli/table/pod-change";
import { findSandbox } from "../lib/operations/find-container";
import { removePod } from "../lib/operations/pods";
import { forEachInTurn } from "./each";

/** `kpod pod rm`: removes pods. */
export async function run(
  context: CommandContext<typeof podRmFlags, readonly [string, ...string[]]>,
): Promise<number> {
  const server = await context.openServer();
  await server.update();
  return forEachInTurn(context, context.args, async (name) => {
    const sandbox = findSandbox(server, name, "rm");
    await removePod(server, sandbox, context.flags.force);
    return sandbox.id;
  });
}
