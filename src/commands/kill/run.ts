import type { CommandContext } from "../../shell/context";
import { forEachInTurn } from "../shared/each";
import { readSignal } from "../shared/flag-values";
import type { command } from "./command";

/** `kpod kill`: sends a signal to containers. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const signal = readSignal(context.flags.signal);
  const server = await context.openServer();
  await server.updateRecords(context.args);
  return forEachInTurn(context, context.args, (name) => server.containerKill(name, signal));
}
