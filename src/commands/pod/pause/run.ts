import type { CommandContext } from "../../../shell/context";
import { pausePod } from "../../../lib/operations/pods";
import { changeInTurn } from "../../shared/crio-note";
import type { command } from "./command";

/** `kpod pod pause`: freezes the containers of pods. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const server = await context.openServer();
  await server.update();
  return changeInTurn(context, server, "paused", context.args, async (name) => {
    const sandbox = server.lookupSandbox(name, "pause");
    await pausePod(server, sandbox);
    return sandbox.id;
  });
}
