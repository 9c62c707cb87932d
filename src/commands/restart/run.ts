import type { CommandContext } from "../../shell/context";
import { restartContainer } from "../../lib/launch/start-again";
import { changeInTurn } from "../shared/crio-note";
import { readTargets } from "../shared/selection";
import type { command } from "./command";

/** `kpod restart`: stops containers and starts them again. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { force, time } = context.flags;
  const targets = readTargets(context, {
    verb: "restart",
    states: ["running"],
    inWords: "that runs",
  });
  const server = await context.openServer();
  return changeInTurn(context, server, "started", await targets(server), async (name) => {
    const container = server.lookupContainer(name, "restart");
    await restartContainer(server, container, {
      force,
      timeoutMs: time === undefined ? undefined : time * 1000,
    });
    return container.id;
  });
}
