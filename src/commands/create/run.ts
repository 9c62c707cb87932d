import type { CommandContext } from "../../shell/context";
import { createContainer } from "../../lib/launch/run";
import { readContainerFlags } from "../shared/read-container-flags";
import type { command } from "./command";

/** `kpod create`: creates a container that waits to be started, and prints its id. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const options = readContainerFlags(context);
  const server = await context.openServer();
  const { id } = await createContainer(server, options);
  context.terminal.out(`${id}\n`);
  return 0;
}
