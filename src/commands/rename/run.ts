import type { CommandContext } from "../../shell/context";
import { noteForCrio } from "../shared/crio-note";
import type { command } from "./command";

/** `kpod rename`: gives a container another name. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const [container, newName] = context.args;
  const server = await context.openServer();
  await server.updateRecords();
  await server.containerRename(container, newName);
  await noteForCrio(context, server, "renamed");
  return 0;
}
