import type { CommandContext } from "../../../shell/command";
import type { noFlags } from "../../shared/list-flags";
import { findSandbox } from "../../../lib/operations/find-container";
import { unpausePod } from "../../../lib/operations/pods";
import { forEachInTurn } from "../../shared/each";

/** `kpod pod unpause`: thaws the containers of pods. */
export async function run(
  context: CommandContext<typeof noFlags, readonly [string, ...string[]]>,
): Promise<number> {
  const server = await context.openServer();
  await server.update();
  return forEachInTurn(context, context.args, async (name) => {
    const sandbox = findSandbox(server, name, "unpause");
    await unpausePod(server, sandbox);
    return sandbox.id;
  });
}
