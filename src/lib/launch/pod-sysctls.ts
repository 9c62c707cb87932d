import { KpodError } from "../errors";
import type { LaunchParts } from "../server-parts";
import type { PodPlan } from "./annotations";
import { namespaceOf } from "./launch-settings";

/** The settings of the kernel that a pod gets: in a namespace of the node they would be settings of the node. */
export function sysctlsOf(
  { logger }: Pick<LaunchParts, "logger">,
  { confinement, network, hostIpc, sysctls }: PodPlan,
): Record<string, string> {
  const settings = Object.entries(confinement.sysctls);
  const host = { network: network.host, ipc: hostIpc };
  const fitting = settings.filter(([name]) => !host[namespaceOf(name) ?? "network"]);
  for (const [name] of settings.filter((setting) => !fitting.includes(setting))) {
    logger.warn(`${name} of default_sysctls is not set: the pod is ${inWords(namespaceOf(name), "node")}`);
  }
  return { ...Object.fromEntries(fitting), ...sysctls };
}

/** A setting that is not of the pod's own namespaces would be one of the node. @throws KpodError BAD_ARGUMENT */
export function checkSysctls(
  sysctls: Readonly<Record<string, string>>,
  host: { readonly network: boolean; readonly ipc: boolean },
): Readonly<Record<string, string>> {
  for (const name of Object.keys(sysctls)) {
    const namespace = /^[a-z0-9_./-]+$/i.test(name) ? namespaceOf(name) : undefined;
    if (namespace !== undefined && !host[namespace]) continue;
    const why =
      namespace === undefined
        ? "it is no setting of a pod's own namespaces"
        : `the pod is ${inWords(namespace, "host")}`;
    throw new KpodError("BAD_ARGUMENT", `sysctl ${JSON.stringify(name)} cannot be set: ${why}`);
  }
  return sysctls;
}

function inWords(namespace: "network" | "ipc" | undefined, whose: "node" | "host"): string {
  return namespace === "ipc" ? `in the ${whose}'s ipc namespace` : `on the ${whose}'s network`;
}
