/*
 * What there is of a session of `kpod debug` while it lasts, all by one name: its processes have a root file system of that
 * name, and the runtime a cgroup. Nothing of it is on a disk, and its mounts end with its processes.
 */
import { basename } from "node:path";
import { emptyAndRemove, findCgroups } from "../cgroups/removal";
import type { Logger } from "../logger";
import { mountNamespaceOf } from "../system/namespaces";
import { ifThere } from "../errors";
import { isAlive, processIds, readProcessList, readProcessStat } from "../system/process";
import { identifyProcess, signalProcess } from "../system/process-identity";
import { randomBytes } from "../system/random";
import { sha256 } from "../system/sha256";
import { waitUntil } from "../system/wait-until";

/** `kpod-debug-PID-START-STORE…`, by the process that it is of, and by the store in whose container it is. */
const sessionName = /^kpod-debug-(\d+)-(\d+)-([0-9a-f]{6})[0-9a-f]{12}$/;

/** Milliseconds that what is killed has to be gone. */
const killTimeLimit = 5_000;

/** A name for a session of this process. @param root of the store */
export function newSession(root: string): string {
  const { startTime = "0" } = readProcessStat(process.pid) ?? {};
  return `kpod-debug-${process.pid}-${startTime}-${digitsOf(root)}${randomBytes(6).toString("hex")}`;
}

/** Six digits that tell one store from another. */
function digitsOf(root: string): string {
  return sha256(root).toString("hex").slice(0, 6);
}

/** Ends what a session has left running, and removes its cgroup. */
export async function endSession(session: string, logger: Logger): Promise<void> {
  await endSessions((name) => name === session, logger);
}

/** The same for all sessions in containers of a store whose kpod was killed. */
export async function endAbandonedSessions(root: string, logger: Logger): Promise<void> {
  await endSessions(isAbandonedOf(root), logger);
}

/**
 * Tells for the name of a session, by which its cgroup and the source of its root are called, whether it is in a container
 * of a store and its kpod has ended.
 */
export function isAbandonedOf(root: string): (name: string) => boolean {
  return (name) => {
    const [, pid, startTime, store] = sessionName.exec(name) ?? [];
    return store !== undefined && store === digitsOf(root) && !isAlive({ pid: Number(pid), startTime });
  };
}

/** A session whose kpod was killed, and what there is of it still. */
export interface AbandonedSession {
  readonly name: string;
  readonly pids: readonly number[];
  /** Directories of its cgroups, in all hierarchies. */
  readonly cgroups: readonly string[];
}

/**
 * Finds what was left by each kpod that was killed while it was debugging in a store. `endAbandonedSessions` removes it.
 * @param root of the store
 */
export function abandonedSessions(root: string): AbandonedSession[] {
  const isAbandoned = isAbandonedOf(root);
  const cgroups = findCgroups(isAbandoned);
  const ofCgroup = cgroups.map((path) => basename(path));
  const ofProcess = new Map(
    processesOf(isAbandoned).flatMap((pid) => {
      const session = sessionOf(pid);
      return session === undefined ? [] : [[pid, session] as const];
    }),
  );
  return [...new Set([...ofCgroup, ...ofProcess.values()])].map((name) => ({
    name,
    pids: [...ofProcess].flatMap(([pid, session]) => (session === name ? [pid] : [])),
    cgroups: cgroups.filter((path) => basename(path) === name),
  }));
}

async function endSessions(isWanted: (session: string) => boolean, logger: Logger): Promise<void> {
  const ended = await waitUntil(
    "the end of what was left of debugging",
    () => {
      const left = processesOf(isWanted);
      for (const pid of left) {
        const found = identifyProcess(pid);
        // It may have ended, and the pid be somebody else's by now.
        if (found !== undefined && isOf(pid, isWanted)) signalProcess(found, "SIGKILL");
      }
      return left.length === 0;
    },
    { timeoutMs: killTimeLimit },
  );
  if (!ended)
    logger.warn(`processes do not end that were left of debugging: ${processesOf(isWanted).join(", ")}`);
  const cgroups = findCgroups(isWanted);
  const stuck = await emptyAndRemove("the cgroup for debugging", cgroups);
  const [first] = stuck;
  // The others are those of the same processes in other hierarchies.
  if (first !== undefined && ended) {
    logger.warn(`${first.directory} stays: ${first.pids.length} processes do not leave it`);
  }
}

function processesOf(isWanted: (session: string) => boolean): number[] {
  // The processes of a container, and of the node, have mostly one mount namespace.
  const known = new Map([[mountNamespaceOf("self") ?? "", false]]);
  return processIds().filter((pid) => {
    const namespace = mountNamespaceOf(pid);
    if (namespace === undefined || !isAlive({ pid })) return false;
    const found = known.get(namespace) ?? isOf(pid, isWanted);
    known.set(namespace, found);
    return found;
  });
}

function isOf(pid: number, isWanted: (session: string) => boolean): boolean {
  const session = sessionOf(pid);
  return session !== undefined && isWanted(session);
}

/** The session that the root file system of a process is named by. */
function sessionOf(pid: number): string | undefined {
  const text = ifThere(() => readProcessList(pid, "mountinfo"), "EACCES", "EPERM") ?? "";
  for (const line of text.split("\n")) {
    if (line.split(" ", 5)[4] !== "/") continue;
    const source = line.split(" - ")[1]?.split(" ")[1] ?? "";
    if (sessionName.test(source)) return source;
  }
  return undefined;
}
