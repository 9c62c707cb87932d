import type { CommandContext } from "../../shell/context";
import { forEachInTurn } from "../shared/each";
import { readSignal } from "../shared/flag-values";
import { readTargets } from "../shared/selection";
import type { command } from "./command";

/** `kpod kill`: sends a signal to containers. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const signal = readSignal(context.flags.signal);
  const targets = readTargets(context, {
    verb: "kill",
    states: ["running", "paused"],
    inWords: "that runs or is paused",
  });
  const server = await context.openServer();
  return forEachInTurn(context, await targets(server), (name) => server.containerKill(name, signal));
}
