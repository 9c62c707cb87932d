import type { CommandContext } from "../cli/command";
import type { noFlags } from "../cli/table/list-flags";
import { forEachInTurn } from "./each";

/** `kpod unpause`: thaws containers. */
export async function run(
  context: CommandContext<typeof noFlags, readonly [string, ...string[]]>,
): Promise<number> {
  const server = await context.openServer();
  await server.update({ states: false });
  return forEachInTurn(context, context.args, (name) => server.containerUnpause(name));
}
