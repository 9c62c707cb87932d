import { uptime } from "node:os";
import { cgroupMounts } from "../cgroups/mounts";
import { parseProcessCgroups } from "../cgroups/process-cgroups";
import { containerCgroups, pidsBelow } from "../cgroups/removal";
import { KpodError, tolerate } from "../errors";
import type { Container } from "../oci/container";
import { readUserTable } from "../oci/user";
import type { ServerView } from "../server-parts";
import { readProcessCgroup, ticksPerSecond } from "../system/process";
import { readProcessDetails, type ProcessDetails } from "../system/process-status";
import { idShownIn, readProcessMap } from "./id-maps";
import { notRunning } from "./kill";

/** A process of a container, with what it is called inside. */
export interface ContainerProcess extends ProcessDetails {
  /** Its pid in the container; 0 where that cannot be told. */
  readonly innerPid: number;
  /** That of its parent; 0 where the parent is not in the container. */
  readonly innerParent: number;
  readonly innerGroup: number;
  /** Names in the container where its /etc/passwd and /etc/group have them, else numbers. */
  readonly user: string;
  readonly realUser: string;
  readonly group: string;
  readonly realGroup: string;
  readonly groupNames: readonly string[];
  /** The same of the node. */
  readonly nodeUser: string;
  readonly nodeGroup: string;
  readonly nodeGroupNames: readonly string[];
  readonly started: Date;
  /** Milliseconds since then. */
  readonly age: number;
  /** Milliseconds on the processors. */
  readonly processorTime: number;
}

/**
 * The processes of a container that runs, is paused or was created, by their pids: what is in its cgroup and below it. No
 * runtime and nothing in the container is asked. One that ends meanwhile is left out.
 * @throws KpodError BAD_STATE when it does not run; NOT_PERMITTED, IO
 */
export async function containerProcesses(
  server: Pick<ServerView, "runtime">,
  container: Container,
): Promise<ContainerProcess[]> {
  const { status, pid } = await server.runtime.updateStatus(container);
  if (!["running", "paused", "created"].includes(status) || pid <= 0) {
    throw new KpodError(
      "BAD_STATE",
      `cannot show the processes of container ${container.id}: ${notRunning(container)}`,
    );
  }
  const details = pidsOf(container.id, pid).flatMap((each) => readProcessDetails(each) ?? []);
  if (details.length === 0) {
    throw new KpodError("BAD_STATE", `no process of container ${container.id} is to be seen here`, {
      hint: "it has just ended, or this is another pid namespace",
    });
  }
  const uids = readProcessMap(pid, "uid_map");
  const gids = readProcessMap(pid, "gid_map");
  const inside = namesIn(`/proc/${pid}/root`);
  const outside = namesIn("/");
  const innerPids = new Map(details.map((each) => [each.pid, each.namespacePids.at(-1) ?? 0]));
  const now = Date.now();
  const booted = now - uptime() * 1000;
  return details.map((each) => {
    const [realUid = 0, uid = 0] = each.uids;
    const [realGid = 0, gid = 0] = each.gids;
    const started = booted + (each.startTicks / ticksPerSecond) * 1000;
    return {
      ...each,
      innerPid: innerPids.get(each.pid) ?? 0,
      innerParent: innerPids.get(each.parent) ?? 0,
      innerGroup: each.namespaceGroups.at(-1) ?? 0,
      user: inside.user(idShownIn(uid, uids)),
      realUser: inside.user(idShownIn(realUid, uids)),
      group: inside.group(idShownIn(gid, gids)),
      realGroup: inside.group(idShownIn(realGid, gids)),
      groupNames: each.groups.map((id) => inside.group(idShownIn(id, gids))),
      nodeUser: outside.user(uid),
      nodeGroup: outside.group(gid),
      nodeGroupNames: each.groups.map(outside.group),
      started: new Date(started),
      age: Math.max(0, now - started),
      processorTime: (each.ticks / ticksPerSecond) * 1000,
    };
  });
}

/** The pids in the cgroup of a container and below it. */
function pidsOf(id: string, pid: number): number[] {
  const { v1, v2 } = parseProcessCgroups(readProcessCgroup(pid) ?? "", id, cgroupMounts());
  // One hierarchy is enough: a process of a container is in its cgroup in all of them.
  const own = v2 ?? ["pids", "memory", "devices", "name=systemd"].map((name) => v1.get(name)).find(Boolean);
  const directories = own === undefined ? containerCgroups(id) : [own];
  // 0 is one of another pid namespace, of which nothing can be told.
  const pids = new Set(directories.flatMap(pidsBelow).filter((each) => each > 0));
  return [...pids].sort((a, b) => a - b);
}

/** Names for ids by /etc/passwd and /etc/group below a root, which may hold anything: a number where they do not help. */
function namesIn(root: string): { user: (id: number) => string; group: (id: number) => string } {
  const users = namesOf(root, "/etc/passwd");
  const groups = namesOf(root, "/etc/group");
  return {
    user: (id) => users.get(id) ?? String(id),
    group: (id) => groups.get(id) ?? String(id),
  };
}

function namesOf(root: string, path: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const [name = "", , id = ""] of tableOrNothing(root, path)) {
    if (name !== "" && /^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}

function tableOrNothing(root: string, path: string): string[][] {
  // No regular file, too large, gone with the process: numbers say it, too.
  return tolerate([], () => readUserTable(root, path));
}
