import type { CommandContext } from "../../../shell/context";
import { pausePod } from "../../../lib/operations/pods";
import { noteForCrio } from "../../shared/crio-note";
import { forEachInTurn } from "../../shared/each";
import type { command } from "./command";

/** `kpod pod pause`: freezes the containers of pods. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const server = await context.openServer();
  await server.update();
  const paused: string[] = [];
  const code = await forEachInTurn(context, context.args, async (name) => {
    const sandbox = server.lookupSandbox(name, "pause");
    await pausePod(server, sandbox);
    paused.push(sandbox.id);
    return sandbox.id;
  });
  if (paused.length > 0) await noteForCrio(context, server, "paused");
  return code;
}
