import type { CommandContext } from "../../../shell/context";
import { UsageError } from "../../../shell/errors";
import { hasNetworkToReload, reloadPodNetwork } from "../../../lib/operations/reload-network";
import { tolerantRead } from "../../../lib/operations/tolerant";
import type { Sandbox } from "../../../lib/sandbox/sandbox";
import { noteForCrio } from "../../shared/crio-note";
import { forEachInTurn } from "../../shared/each";
import type { command } from "./command";

/** `kpod pod reload-network`: takes pods out of their networks and puts them into these again. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, logger } = context;
  if (flags.all && args.length > 0) throw new UsageError("all and POD are mutually exclusive");
  if (!flags.all && args.length === 0) throw new UsageError("no POD is named: name one, or give --all");
  const server = await context.openServer();
  await server.update();
  const ready = (sandbox: Sandbox): boolean =>
    tolerantRead(server, "pod", sandbox.infraContainer)(false, () => hasNetworkToReload(sandbox));
  const names = flags.all
    ? server
        .listSandboxes()
        .filter(ready)
        .map(({ id }) => id)
    : args;
  const changed: string[] = [];
  const code = await forEachInTurn(context, names, async (name) => {
    const sandbox = server.lookupSandbox(name, "reload-network");
    const { before, now, moved } = await reloadPodNetwork(server, sandbox, context.signal());
    if (moved) {
      changed.push(sandbox.id);
      const had = before.length === 0 ? "" : `, not ${before.join(", ")}`;
      logger.warn(`pod ${sandbox.kubeName} has the address ${now.join(", ")} now${had}`);
    }
    return sandbox.id;
  });
  if (changed.length > 0) await noteForCrio(context, server, "addressChanged");
  return code;
}
