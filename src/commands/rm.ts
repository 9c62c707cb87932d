import type { CommandContext } from "../cli/command";
import type { rmFlags } from "../cli/table/rm";
import { isNotFoundError } from "../lib/operations/find-container";
import { removeOrphan } from "../lib/operations/remove-orphan";
import { forEachInTurn } from "./each";

/** `kpod rm`: removes containers; with --force also what only the runtime still knows. */
export async function run(
  context: CommandContext<typeof rmFlags, readonly [string, ...string[]]>,
): Promise<number> {
  const { force } = context.flags;
  const server = await context.openServer();
  await server.update({ states: false });
  return forEachInTurn(context, context.args, async (name) => {
    try {
      return await server.remove(name, force);
    } catch (error) {
      const orphan = force && isNotFoundError(error) ? await removeOrphan(server, name) : undefined;
      if (orphan === undefined) throw error;
      return orphan;
    }
  });
}
