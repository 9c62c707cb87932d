import { join } from "node:path";
import { processCgroupPath } from "../cgroups/container-path";
import type { Container } from "../oci/container";
import { readTextIfThere } from "../system/files";
import { isAlive, readProcessCgroup } from "../system/process";
import { identifyProcess, knownProcess, type ProcessIdentity } from "../system/process-identity";

/**
 * The first process of a container while it lives, found without the runtime, which may have lost its state: by pid
 * and start time as they were noted, else by the runtime's pid file, if that process is in a cgroup of the container.
 */
export function firstProcessOf(container: Container): ProcessIdentity | undefined {
  const { initPid, initStartTime } = container.state ?? {};
  return [knownProcess(initPid, initStartTime), fromPidFile(container)].find(
    (candidate): candidate is ProcessIdentity => candidate !== undefined && isAlive(candidate),
  );
}

function fromPidFile({ id, bundlePath }: Container): ProcessIdentity | undefined {
  const text = readTextIfThere(join(bundlePath, "pidfile"))?.trim() ?? "";
  const process = /^\d{1,10}$/.test(text) ? identifyProcess(Number(text)) : undefined;
  if (process === undefined) return undefined;
  return processCgroupPath(readProcessCgroup(process.pid) ?? "", id) === undefined ? undefined : process;
}
