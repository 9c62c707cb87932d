import type { CommandContext } from "../../shell/context";
import { startAgain } from "../../lib/launch/start-again";
import { changeInTurn } from "../shared/crio-note";
import { readTargets } from "../shared/selection";
import type { command } from "./command";

/** `kpod start`: starts containers that were created, or have ended. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { force } = context.flags;
  const targets = readTargets(context, {
    verb: "start",
    states: ["created", "stopped"],
    inWords: "that can be started",
  });
  const server = await context.openServer();
  return changeInTurn(context, server, "started", await targets(server), async (name) => {
    const container = server.lookupContainer(name, "start");
    await startAgain(server, container, { force });
    return container.id;
  });
}
