import type { CommandContext } from "../../shell/context";
import { changeInTurn } from "../shared/crio-note";
import { readTargets } from "../shared/selection";
import type { command } from "./command";

/** `kpod pause`: freezes containers. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const targets = readTargets(context, { verb: "pause", states: ["running"], inWords: "that runs" });
  const server = await context.openServer();
  return changeInTurn(context, server, "paused", await targets(server), (name) =>
    server.containerPause(name),
  );
}
