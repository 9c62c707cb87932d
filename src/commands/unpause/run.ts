import type { CommandContext } from "../../shell/command";
import type { noFlags } from "../shared/list-flags";
import { forEachInTurn } from "../shared/each";

/** `kpod unpause`: thaws containers. */
export async function run(
  context: CommandContext<typeof noFlags, readonly [string, ...string[]]>,
): Promise<number> {
  const server = await context.openServer();
  await server.update({ states: false });
  return forEachInTurn(context, context.args, (name) => server.containerUnpause(name));
}
