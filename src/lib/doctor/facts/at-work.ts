import { basename } from "node:path";
import { ifThere } from "../../errors";
import { readMonitorCall } from "../../oci/conmon/find";
import {
  allProcesses,
  readCommandLine,
  readExecutable,
  readProcessFile,
  readWaitChannel,
} from "../../system/process";
import type { Facts } from "../facts";
import type { Evidence } from "../finding";
import { processWords } from "./processes";
import { relabelings, volumeOf } from "./relabel";

/**
 * Who is at work to make a container or a pod: its conmon, its runtime, a plugin of its network, or CRI-O itself at the
 * labels of its volumes.
 * @param podUid of its pod in Kubernetes; "" where nobody knows it
 */
export function atWorkOn(facts: Facts, id: string, podUid: string): readonly Evidence[] {
  const { runtimes } = facts.server.config;
  const programs = new Set(
    Object.entries(runtimes).map(([name, { runtimePath }]) => basename(runtimePath) || name),
  );
  const processes = facts.get(allProcesses).flatMap(({ pid }): Evidence[] => {
    if (pid === process.pid || !isAtWork(pid, id, programs)) return [];
    const channel = readWaitChannel(pid);
    const waits = channel === "" ? "" : `, and waits in ${channel}`;
    return [{ file: `/proc/${pid}/cmdline`, says: `${processWords(pid)} is at work on it${waits}` }];
  });
  const labels = facts
    .get(relabelings)
    .filter(({ path }) => podUid !== "" && volumeOf(path)?.uid === podUid)
    .map(({ pid, thread, path }) => ({
      file: `/proc/${pid}/task/${thread}/syscall`,
      says: `CRI-O gives the files of its volume their label: it is at ${path}`,
    }));
  return [...processes, ...labels];
}

function isAtWork(pid: number, id: string, programs: ReadonlySet<string>): boolean {
  const words = readCommandLine(pid) ?? [];
  if (words.includes(id)) {
    return readMonitorCall(pid)?.id === id || programs.has(basename(readExecutable(pid) ?? ""));
  }
  // CNI tells a plugin by its environment; those of containers are asked as well, and say nothing of CNI.
  const environment = ifThere(() => readProcessFile(pid, "environ"), "EACCES", "EPERM") ?? "";
  return environment.split("\0").includes(`CNI_CONTAINERID=${id}`);
}
