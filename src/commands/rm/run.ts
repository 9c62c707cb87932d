import type { CommandContext } from "../../shell/context";
import type { ContainerServer } from "../../lib/container-server";
import { isNotFoundError } from "../../lib/names/lookup";
import { removeOrphan } from "../../lib/operations/remove";
import { noteForCrio } from "../shared/crio-note";
import { forEachInTurn } from "../shared/each";
import type { command } from "./command";

/** `kpod rm`: removes containers; with --force also what only the runtime still knows. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { force } = context.flags;
  const server = await context.openServer();
  await server.updateRecords();
  const removed: string[] = [];
  const code = await forEachInTurn(context, context.args, async (name) => {
    const id = await remove(server, name, force);
    removed.push(id);
    return id;
  });
  if (removed.length > 0) await noteForCrio(context, server, "removed");
  return code;
}

async function remove(server: ContainerServer, name: string, force: boolean): Promise<string> {
  try {
    return await server.remove(name, force);
  } catch (error) {
    const orphan = force && isNotFoundError(error) ? await removeOrphan(server, name) : undefined;
    if (orphan === undefined) throw error;
    return orphan;
  }
}
