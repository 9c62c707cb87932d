import type { CommandContext } from "../../shell/context";
import { forEachArgument } from "../shared/each";
import { readTargets } from "../shared/selection";
import type { command } from "./command";

/** `kpod stop`: stops containers side by side. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { timeout } = context.flags;
  const targets = readTargets(context, { verb: "stop", states: ["running"], inWords: "that runs" });
  const server = await context.openServer();
  return forEachArgument(context, await targets(server), (name) =>
    server.containerStop(name, timeout, context.signal()),
  );
}
