import { moveToCgroup } from "../cgroups/mounts";
import { conmonCgroup } from "../cgroups/spec-path";
import { moveToScope } from "../cgroups/systemd-scope";
import { runtimeHandler } from "../config";
import type { LaunchParts } from "../server-parts";
import type { Container } from "../oci/container";

/**
 * Moves a conmon that has made nothing yet to where CRI-O of the node's version has it: else it would stay with whoever
 * called kpod, and end with the user's session.
 * @param cgroupParent the pod's cgroup or slice
 * @throws KpodError CONMON_FAILED, IO
 */
export async function moveMonitor(
  server: Pick<LaunchParts, "config" | "runtime" | "signal" | "logger">,
  container: Container,
  cgroupParent: string,
  pid: number,
): Promise<void> {
  const { config, runtime } = server;
  if (config.cgroupManager === "systemd") {
    const slice = monitorSlice(server.config, runtime.handler(container).name, cgroupParent);
    await moveToScope(pid, { unit: `crio-conmon-${container.id}.scope`, slice }, server);
  } else if (config.crioDefaults.movesConmon) {
    moveToCgroup(conmonCgroup(cgroupParent, container.id), pid);
  }
}

/** The slice of conmon's scope: what `conmon_cgroup` names, else `monitor_cgroup` of the handler, else the pod's. */
export function monitorSlice(
  config: Pick<LaunchParts["config"], "conmonCgroup" | "runtimes" | "defaultRuntime" | "crioDefaults">,
  handlerName: string,
  cgroupParent: string,
): string {
  const ofHandler = runtimeHandler(config, handlerName)?.monitorCgroup ?? "";
  const wanted = [config.conmonCgroup, ofHandler, config.crioDefaults.monitorCgroup].find(
    (name) => name !== "",
  );
  return wanted?.endsWith(".slice") === true ? wanted : cgroupParent;
}
