import type { CommandContext } from "../../../shell/context";
import { unpausePod } from "../../../lib/operations/pods";
import { forEachInTurn } from "../../shared/each";
import type { command } from "./command";

/** `kpod pod unpause`: thaws the containers of pods. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const server = await context.openServer();
  await server.update();
  return forEachInTurn(context, context.args, async (name) => {
    const sandbox = server.lookupSandbox(name, "unpause");
    await unpausePod(server, sandbox);
    return sandbox.id;
  });
}
