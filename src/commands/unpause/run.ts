import type { CommandContext } from "../../shell/context";
import { forEachInTurn } from "../shared/each";
import { readTargets } from "../shared/selection";
import type { command } from "./command";

/** `kpod unpause`: thaws containers. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const targets = readTargets(context, { verb: "unpause", states: ["paused"], inWords: "that is paused" });
  const server = await context.openServer();
  return forEachInTurn(context, await targets(server), (name) => server.containerUnpause(name));
}
