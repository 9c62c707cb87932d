import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { forEachInTurn } from "../shared/each";
import { readLimits } from "../shared/resource-flags";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod update`: changes limits of containers. */
export async function run(context: Context): Promise<number> {
  const changes = changesOf(context.flags);
  const server = await context.openServer();
  await server.updateRecords(context.args);
  return forEachInTurn(context, context.args, (name) => server.containerUpdate(name, changes));
}

function changesOf(flags: Context["flags"]) {
  const changes = readLimits(flags);
  if (Object.values(changes).every((value) => value === undefined)) {
    throw new UsageError("nothing to update: give --memory, --cpus, --pids-limit or another limit");
  }
  return changes;
}
