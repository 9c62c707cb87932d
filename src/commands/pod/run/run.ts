import type { CommandContext } from "../../../shell/context";
import { beforeLaunch } from "../../../lib/crio/before-launch";
import { runPodSandbox } from "../../../lib/launch/pod";
import { generatedName, readKeyValues } from "../../shared/flag-values";
import { readNetworkFlags } from "../../shared/read-network-flags";
import { readUserns } from "../../shared/read-userns-flag";
import { launchPull } from "../../shared/pull-flag";
import type { command } from "./command";

/** `kpod pod run`: starts a pod without containers and prints its id. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { flags, logger, terminal } = context;
  const labels = readKeyValues("label", flags.label);
  const network = readNetworkFlags(flags);
  const userns = readUserns(flags.userns);
  const server = await context.openServer();
  for (const note of await beforeLaunch(server)) logger.warn(note);
  const sandbox = await runPodSandbox(server, {
    name: flags.name ?? generatedName("pod"),
    namespace: flags.namespace,
    labels,
    ...(flags.hostname === undefined ? {} : { hostname: flags.hostname }),
    annotations: readKeyValues("annotation", flags.annotation),
    ...network,
    ...(userns === undefined ? {} : { userns }),
    pull: launchPull(context, flags.pull),
    cgroupParent: flags.cgroupParent ?? "",
    runtimeHandler: flags.runtimeHandler ?? "",
    privileged: flags.privileged,
  });
  terminal.out(`${sandbox.id}\n`);
  return 0;
}
