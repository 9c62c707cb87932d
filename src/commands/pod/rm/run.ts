import type { CommandContext } from "../../../shell/context";
import { removePod } from "../../../lib/operations/remove";
import { changeInTurn } from "../../shared/crio-note";
import type { command } from "./command";

/** `kpod pod rm`: removes pods. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const server = await context.openServer();
  await server.update();
  return changeInTurn(context, server, "podRemoved", context.args, async (name) => {
    const sandbox = server.lookupSandbox(name, "rm");
    await removePod(server, sandbox, context.flags.force);
    return sandbox.id;
  });
}
