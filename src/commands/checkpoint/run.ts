import { resolve } from "node:path";
import { checkpointContainer } from "../../lib/operations/checkpoint";
import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { expectMuchWork } from "../../shell/much-work";
import { forEachInTurn } from "../shared/each";
import type { command } from "./command";

/** `kpod checkpoint`: writes down what containers are doing. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags } = context;
  const { export: exported, leaveRunning, tcpEstablished } = flags;
  if (exported !== undefined && args.length > 1)
    throw new UsageError("option --export is for one container: each needs an archive of its own");
  const exportPath = exported === undefined ? undefined : resolve(exported);
  const signal = context.signal();
  const server = await context.openServer();
  await server.updateRecords();
  expectMuchWork();
  return forEachInTurn(context, args, async (name) => {
    const container = server.lookupContainer(name, "checkpoint");
    await checkpointContainer(server, container, { exportPath, leaveRunning, tcpEstablished, signal });
    return container.id;
  });
}
