import type { CommandContext } from "../../shell/context";
import { restartContainer } from "../../lib/launch/start-again";
import { changeInTurn } from "../shared/crio-note";
import type { command } from "./command";

/** `kpod restart`: stops containers and starts them again. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { force, time } = context.flags;
  const server = await context.openServer();
  await server.updateRecords();
  return changeInTurn(context, server, "started", async (name) => {
    const container = server.lookupContainer(name, "restart");
    await restartContainer(server, container, {
      force,
      timeoutMs: time === undefined ? undefined : time * 1000,
    });
    return container.id;
  });
}
