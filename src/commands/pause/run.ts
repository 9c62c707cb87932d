import type { CommandContext } from "../../shell/context";
import { noteForCrio } from "../shared/crio-note";
import { forEachInTurn } from "../shared/each";
import type { command } from "./command";

/** `kpod pause`: freezes containers. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const server = await context.openServer();
  await server.updateRecords(context.args);
  const paused: string[] = [];
  const code = await forEachInTurn(context, context.args, async (name) => {
    const id = await server.containerPause(name);
    paused.push(id);
    return id;
  });
  if (paused.length > 0) await noteForCrio(context, server, "paused");
  return code;
}
