import type { CommandContext } from "../../shell/command";
import type { noFlags } from "../shared/list-flags";
import { noteForCrio } from "../shared/crio-note";

/** `kpod rename`: gives a container another name. */
export async function run(
  context: CommandContext<typeof noFlags, readonly [string, string]>,
): Promise<number> {
  const [container, newName] = context.args;
  const server = await context.openServer();
  await server.update({ states: false });
  await server.containerRename(container, newName);
  await noteForCrio(context, server, "renamed");
  return 0;
}
