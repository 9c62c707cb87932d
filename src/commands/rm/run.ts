import type { CommandContext } from "../../shell/context";
import { changeInTurn } from "../shared/crio-note";
import type { command } from "./command";

/** `kpod rm`: removes containers; with --force also what only the runtime still knows. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const server = await context.openServer();
  await server.updateRecords(context.args);
  return changeInTurn(context, server, "removed", (name) => server.remove(name, context.flags.force));
}
