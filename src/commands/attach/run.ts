import type { CommandContext } from "../../shell/context";
import { attachToContainer } from "../../lib/operations/attach";
import { attachHere } from "../shared/attach-here";
import { readDetachKeys } from "../shared/detach-keys";
import type { command } from "./command";

/** `kpod attach`: has the streams of a container here, until it ends or is left. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { flags, args } = context;
  const wanted = {
    stdin: !flags.noStdin,
    detachKeys: readDetachKeys(flags.detachKeys),
    sigProxy: flags.sigProxy,
  };
  const server = await context.openServer();
  await server.updateRecords(args);
  const container = server.lookupContainer(args[0], "attach", { attempt: "newest" });
  return attachHere(context, server, container, wanted, (options) =>
    attachToContainer(server, container, options),
  );
}
