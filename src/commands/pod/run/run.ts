import type { CommandContext } from "../../../shell/command";
import type { podRunFlags } from "./command";
import { beforeLaunch } from "../../../lib/crio/before-launch";
import { runPodSandbox } from "../../../lib/launch/pod";
import { randomBytes } from "../../../lib/system/random";
import { readKeyValues } from "../../shared/key-values";

/** `kpod pod run`: starts a pod without containers and prints its id. */
export async function run(context: CommandContext<typeof podRunFlags>): Promise<number> {
  const { flags, logger, terminal } = context;
  const labels = readKeyValues("label", flags.label);
  const server = await context.openServer();
  for (const note of await beforeLaunch(server)) logger.warn(note);
  const sandbox = await runPodSandbox(server, {
    name: flags.name ?? generatedName("pod"),
    namespace: flags.namespace,
    labels,
    ...(flags.hostname === undefined ? {} : { hostname: flags.hostname }),
    network: flags.network ?? "none",
    cgroupParent: flags.cgroupParent ?? "",
  });
  terminal.out(`${sandbox.id}\n`);
  return 0;
}

/** A name for a pod or container to which the user gave none. */
export function generatedName(stem: string): string {
  const base = stem.toLowerCase().replace(/[^a-z0-9.-]+/g, "-");
  return `${/^[a-z0-9]/.test(base) ? base : "image"}-${randomBytes(3).toString("hex")}`;
}
