import { dirname } from "node:path";
import { flatKeyed, readCgroupFile, readCgroupNumber } from "../../cgroups/files";
import { cgroupMounts } from "../../cgroups/mounts";
import { directoryIn, processCgroupPath } from "../../cgroups/process-cgroups";
import { specCgroupPath } from "../../cgroups/spec-path";
import { tolerate } from "../../errors";
import type { Container } from "../../oci/container";
import { readProcessCgroup } from "../../system/process";
import type { OomKill } from "../facts/oom-kills";

/** What is known of the memory of a container that the kernel took processes of. */
export interface MemoryTrouble {
  /** The cgroup of which the limit was hit, or of which processes were killed. */
  readonly cgroup: string;
  /** Bytes; null where it has none, or nobody knows. */
  readonly limit: number | null;
  /** How many processes the kernel has killed in it, as far as its cgroup is still there. */
  readonly kills: number | null;
  /** Whose limit it is: that of the container, or of its pod. */
  readonly of: "container" | "pod";
  /** The processes, as far as the kernel's log still tells of them; the oldest first. */
  readonly killed: readonly OomKill[];
}

/**
 * What the cgroups of a container and its pod, and its spec, tell of memory; undefined where nothing was killed.
 * @param isKilled true where it is known that the container was
 * @param killsOf what the kernel's log tells of it, which is read only where something was killed
 */
export function memoryTroubleOf(
  container: Container,
  isKilled: boolean,
  killsOf: () => readonly OomKill[],
): MemoryTrouble | undefined {
  const spec = tolerate(undefined, () => container.spec);
  const { id, state } = container;
  const running = (state?.pid ?? 0) > 0 ? readProcessCgroup(state?.pid ?? 0) : undefined;
  const path =
    (running === undefined ? undefined : processCgroupPath(running, id)) ??
    specCgroupPath(spec?.linux?.cgroupsPath ?? "");
  if (path === "") return undefined;
  const own = eventsOf(path);
  const pod = eventsOf(dirname(path));
  const limit = spec?.linux?.resources?.memory?.limit;
  const ownLimit = own?.limit ?? (limit !== undefined && limit > 0 ? limit : undefined);
  if (isKilled || (own?.kills ?? 0) > 0) {
    // A container without a limit is killed for that of its pod, or of the node.
    if (ownLimit === undefined && pod?.limit !== undefined)
      return {
        cgroup: dirname(path),
        limit: pod.limit,
        kills: pod.kills ?? null,
        of: "pod",
        killed: killsOf(),
      };
    return {
      cgroup: path,
      limit: ownLimit ?? null,
      kills: own?.kills ?? null,
      of: "container",
      killed: killsOf(),
    };
  }
  return undefined;
}

function eventsOf(path: string): { kills: number | undefined; limit: number | undefined } | undefined {
  for (const mount of cgroupMounts()) {
    const isUnified = mount.type === "cgroup2";
    if (!isUnified && !mount.superOptions.includes("memory")) continue;
    const directory = directoryIn(mount, path);
    const events = readCgroupFile(directory, isUnified ? "memory.events" : "memory.oom_control");
    if (events === undefined) continue;
    const limit = readCgroupNumber(directory, isUnified ? "memory.max" : "memory.limit_in_bytes");
    // Version 1 says a number without end where there is no limit.
    return {
      kills: flatKeyed(events)?.get("oom_kill"),
      limit: limit === undefined || limit > Number.MAX_SAFE_INTEGER ? undefined : limit,
    };
  }
  return undefined;
}
