import type { CommandContext } from "../../../shell/context";
import { removePod } from "../../../lib/operations/remove";
import { noteForCrio } from "../../shared/crio-note";
import { forEachInTurn } from "../../shared/each";
import type { command } from "./command";

/** `kpod pod rm`: removes pods. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const server = await context.openServer();
  await server.update();
  const removed: string[] = [];
  const code = await forEachInTurn(context, context.args, async (name) => {
    const sandbox = server.lookupSandbox(name, "rm");
    await removePod(server, sandbox, context.flags.force);
    removed.push(sandbox.id);
    return sandbox.id;
  });
  if (removed.length > 0) await noteForCrio(context, server, "podRemoved");
  return code;
}
