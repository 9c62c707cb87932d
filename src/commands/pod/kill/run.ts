import type { CommandContext } from "../../../shell/context";
import { killPod } from "../../../lib/operations/pods";
import { forEachInTurn } from "../../shared/each";
import { readSignal } from "../../shared/flag-values";
import type { command } from "./command";

/** `kpod pod kill`: sends a signal to the containers of pods. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const signal = readSignal(context.flags.signal);
  const server = await context.openServer();
  await server.update();
  return forEachInTurn(context, context.args, async (name) => {
    const sandbox = server.lookupSandbox(name, "kill");
    await killPod(server, sandbox, signal);
    return sandbox.id;
  });
}
