import type { CommandContext } from "../../../shell/context";
import { stopPod } from "../../../lib/operations/pods";
import { isSpoofed } from "../../../lib/operations/tolerant";
import type { Sandbox } from "../../../lib/sandbox/sandbox";
import { noteForCrio } from "../../shared/crio-note";
import { forEachArgument } from "../../shared/each";
import type { command } from "./command";

/** `kpod pod stop`: stops pods. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { timeout } = context.flags;
  const server = await context.openServer();
  await server.update();
  const stopped: Sandbox[] = [];
  const code = await forEachArgument(context, context.args, async (name) => {
    const sandbox = server.lookupSandbox(name, "stop");
    await stopPod(server, sandbox, timeout === undefined ? undefined : timeout * 1000, context.signal());
    stopped.push(sandbox);
    return sandbox.id;
  });
  if (stopped.some((sandbox) => isSpoofed(server, sandbox)))
    await noteForCrio(context, server, "spoofedStopped");
  return code;
}
