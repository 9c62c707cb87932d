import type { CommandContext } from "../../shell/context";
import { changeInTurn } from "../shared/crio-note";
import { readTargets } from "../shared/selection";
import type { command } from "./command";

/** `kpod rm`: removes containers; with --force also what only the runtime still knows. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { force } = context.flags;
  const targets = readTargets(context, {
    verb: "rm",
    states: force ? ["created", "stopped", "running", "unknown"] : ["created", "stopped"],
    inWords: force ? "that can be removed" : "that has ended",
  });
  const server = await context.openServer();
  return changeInTurn(context, server, "removed", await targets(server), (name) =>
    server.remove(name, force),
  );
}
