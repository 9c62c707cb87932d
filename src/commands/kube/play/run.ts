import type { CommandContext } from "../../../shell/context";
import { UsageError } from "../../../shell/errors";
import { nodeFacts } from "../../../lib/kube/facts";
import { planKube } from "../../../lib/kube/objects";
import { playKube } from "../../../lib/kube/play";
import { transferProgress } from "../../shared/registry-flags";
import { readNetwork } from "../../shared/read-network-flags";
import { readKubeFile } from "../../shared/read-kube-file";
import type { command } from "./command";

/** `kpod kube play`: makes the pods of a file and prints their ids. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { flags, args, terminal } = context;
  const network = flags.network === undefined ? undefined : readNetwork(flags.network);
  if ([args[0], ...flags.configmap].filter((path) => path === "-").length > 1)
    throw new UsageError("standard input is read once: give - for one of the files alone");
  const file = await readKubeFile(context, args[0]);
  const more = await Promise.all(flags.configmap.map((path) => readKubeFile(context, path)));
  const plan = await planKube(file, more, nodeFacts());
  const server = await context.openServer();
  const pods = await playKube(server, plan, {
    network,
    cgroupParent: flags.cgroupParent ?? "",
    runtimeHandler: flags.runtimeHandler,
    pull: flags.pull,
    progress: transferProgress(context, false),
  });
  for (const { id } of pods) terminal.out(`${id}\n`);
  return 0;
}
