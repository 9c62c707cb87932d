import type { CommandContext } from "../../shell/context";
import { forEachInTurn } from "../shared/each";
import type { command } from "./command";

/** `kpod unpause`: thaws containers. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const server = await context.openServer();
  await server.updateRecords(context.args);
  return forEachInTurn(context, context.args, (name) => server.containerUnpause(name));
}
