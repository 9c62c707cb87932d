import type { CommandContext } from "../../shell/context";
import { changeInTurn } from "../shared/crio-note";
import type { command } from "./command";

/** `kpod pause`: freezes containers. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const server = await context.openServer();
  await server.updateRecords(context.args);
  return changeInTurn(context, server, "paused", (name) => server.containerPause(name));
}
