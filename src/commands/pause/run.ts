import type { CommandContext } from "../../shell/command";
import type { noFlags } from "../shared/list-flags";
import { noteForCrio } from "../shared/crio-note";
import { forEachInTurn } from "../shared/each";

/** `kpod pause`: freezes containers. */
export async function run(
  context: CommandContext<typeof noFlags, readonly [string, ...string[]]>,
): Promise<number> {
  const server = await context.openServer();
  await server.update({ states: false });
  const paused: string[] = [];
  const code = await forEachInTurn(context, context.args, async (name) => {
    const id = await server.containerPause(name);
    paused.push(id);
    return id;
  });
  if (paused.length > 0) await noteForCrio(context, server, "paused");
  return code;
}
