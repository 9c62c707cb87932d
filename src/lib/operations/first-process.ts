import { join } from "node:path";
import { processCgroupPath } from "../cgroups/process-cgroups";
import type { Container } from "../oci/container";
import { readTextIfThere } from "../system/files";
import { isAlive, readProcessCgroup } from "../system/process";
import { identifyProcess, knownProcess, type ProcessIdentity } from "../system/process-identity";

/** The first process of a container, with its start time where that is known for sure. */
export interface FirstProcess {
  readonly pid: number;
  readonly startTime: string | undefined;
}

/**
 * The first process of a container by its state, which must be up to date.
 * @param bounds.created whether that of one counts whose own command has not been started yet
 */
export function firstProcess(
  container: Pick<Container, "state">,
  { created = false }: { readonly created?: boolean } = {},
): FirstProcess | undefined {
  const { status = "stopped", pid = 0, initPid, initStartTime } = container.state ?? {};
  // The runtime could not be asked; what CRI-O persisted of the process is enough to know it again.
  if (status === "unknown") return persistedProcess(container);
  const counts = status === "running" || status === "paused" || (created && status === "created");
  return counts && pid > 1 ? { pid, startTime: initPid === pid ? initStartTime : undefined } : undefined;
}

/**
 * The first process of a container while it lives, whatever its state is and without the runtime, which may have lost it: by
 * pid and start time as they were persisted, else by the runtime's pid file, if that process is in a cgroup of the container.
 */
export function lastingFirstProcess(container: Container): ProcessIdentity | undefined {
  return persistedProcess(container) ?? processInPidFile(container);
}

function persistedProcess({ state }: Pick<Container, "state">): ProcessIdentity | undefined {
  const process = knownProcess(state?.initPid, state?.initStartTime);
  return process !== undefined && isAlive(process) ? process : undefined;
}

function processInPidFile({ id, bundlePath }: Container): ProcessIdentity | undefined {
  const text = readTextIfThere(join(bundlePath, "pidfile"))?.trim() ?? "";
  const process = /^\d{1,10}$/.test(text) ? identifyProcess(Number(text)) : undefined;
  if (process === undefined || !isAlive(process)) return undefined;
  return processCgroupPath(readProcessCgroup(process.pid) ?? "", id) === undefined ? undefined : process;
}
