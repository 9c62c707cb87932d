/*
 * A look at all that events are about: containers with their states and conmons, pods, images. What one look reads and the
 * next needs as well, labels for one, is kept.
 */
import { existsSync, statSync } from "node:fs";
import { cgroupMounts } from "../cgroups/mounts";
import { readCgroupFile, keyedNumber } from "../cgroups/files";
import { parseProcessCgroups, type CgroupMount } from "../cgroups/process-cgroups";
import { tolerate } from "../errors";
import type { Look, Seen, SeenImage, SeenStatus } from "../events/seen";
import { findMonitor, deadMonitorPid } from "../oci/conmon/find";
import type { Container } from "../oci/container";
import { stateRoots } from "../oci/runtime/location";
import { hasOomMarker, readExitFile, type ExitRecord } from "../oci/state/exit-file";
import { unknownExitCode } from "../oci/state/resolved";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { readImages } from "../storage/images";
import { monotonicNow } from "../system/clock";
import { isAlive, readProcessCgroup } from "../system/process";
import type { ProcessIdentity } from "../system/process-identity";

/** Looks at a node again and again. */
export interface EventLooker {
  /** @throws KpodError CORRUPT, IO when the records cannot be read */
  readonly look: () => Promise<Look>;
  /**
   * False while it is soon to be looked at again: a container has ended of which its conmon is about to write down how, or a
   * conmon was found dead and the next look knows whether its container has ended with it.
   */
  readonly isSettled: () => boolean;
  /** The files and directories in which a change of what was found last would show. */
  readonly places: () => string[];
}

/** What is kept of a container or a pod from look to look. */
interface Kept {
  /** The name that it had when its labels were read: a rename changes one of them. */
  name: string;
  labels?: Readonly<Record<string, string>> | undefined;
  /** The run that the rest is of. */
  pid: number;
  /** Its directory in the hierarchy of version 2. */
  cgroup?: string | undefined;
  monitor?: ProcessIdentity | undefined;
  /** The last look did not find its conmon, and the next tells whether it was for the container that had ended. */
  missed: boolean;
  /** Pid of its conmon that is dead for sure; 0 for none. */
  deadMonitor: number;
  /** Since when its end waits to be written down, by the clock that only goes on; settled once it is, or nobody will. */
  end?: { readonly since: number } | "settled" | undefined;
}

/**
 * Milliseconds for which it is waited that somebody writes down how a container ended: a conmon that lives, or for one that
 * was seen to run without, whoever ended it.
 */
const endPatience = { monitored: 5_000, alone: 2_000 };

/** Makes a looker. Nothing is read yet. */
export function createEventLooker(server: ServerView): EventLooker {
  const kept = new Map<string, Kept>();
  const images = imageLooker(server);
  const mounts = cgroupMounts();
  let isFirst = true;
  const ofContainer = (container: Container): Kept => {
    const { name } = container;
    const known = kept.get(container.id) ?? { name, pid: 0, missed: false, deadMonitor: 0 };
    kept.set(container.id, known);
    if (name !== known.name) Object.assign(known, { name, labels: undefined });
    const pid = container.state?.pid ?? 0;
    if (pid > 0 && pid !== known.pid) Object.assign(known, newRun(container, pid, mounts, isFirst));
    return known;
  };
  return {
    look: async () => {
      // Before anything is read: what changes meanwhile is later than that.
      const time = Date.now();
      await server.update();
      const things = new Map<string, Seen>();
      for (const sandbox of server.lists.listSandboxes()) {
        const known = ofContainer(sandbox.infraContainer);
        known.labels ??= tolerate(undefined, () => sandbox.labels);
        things.set(sandbox.id, seenPod(sandbox, known));
      }
      for (const container of server.lists.listContainers()) {
        const known = ofContainer(container);
        known.labels ??= tolerate(undefined, () => container.labels);
        things.set(container.id, seenContainer(server, container, known));
      }
      for (const id of kept.keys()) if (!things.has(id)) kept.delete(id);
      isFirst = false;
      return { time, things, images: images() };
    },
    isSettled: () => [...kept.values()].every((known) => isSettled(known) && !known.missed),
    places: () => placesOf(server, kept),
  };
}

function newRun(
  container: Container,
  pid: number,
  mounts: readonly CgroupMount[],
  isFirst: boolean,
): Omit<Kept, "name" | "labels"> {
  const cgroup = cgroupOf(container, pid, mounts);
  // What the first look does not find is of the past: as if one before it had not found it either.
  return { pid, cgroup, monitor: findMonitor(container), missed: isFirst, deadMonitor: 0 };
}

function cgroupOf({ id }: Container, pid: number, mounts: readonly CgroupMount[]): string | undefined {
  const text = readProcessCgroup(pid);
  return text === undefined ? undefined : parseProcessCgroups(text, id, mounts).v2;
}

function seenContainer({ config }: Pick<ServerView, "config">, container: Container, known: Kept): Seen {
  const { id, name, imageName, sandboxId, state } = container;
  const status = state?.status ?? "unknown";
  const end = status === "stopped" ? endOf(container, known, config.containerExitsDir) : undefined;
  if (status !== "stopped") known.end = undefined;
  return {
    ...{ type: "container", id, name, image: imageName, podId: sandboxId },
    // As long as nobody can say how it ended, it is told as it was.
    status: end === "to come" ? "unknown" : status,
    ...runOf(container, known, status),
    exitCode: state?.exitCode,
    ooms: oomsOf(container, known),
    ...(typeof end === "object" ? { exitCode: end.exitCode, finished: end.finished.getTime() } : {}),
  };
}

/** How a container ended, where that was written down after its state was read, or is about to be. */
function endOf(container: Container, known: Kept, exitsDir: string): ExitRecord | "to come" | undefined {
  const { id, dir, state } = container;
  // Of one that was killed, the code is known before its time.
  const isTold = state?.finished !== undefined && state.exitCode !== unknownExitCode;
  if (isTold) known.end = "settled";
  if (known.end === "settled") return undefined;
  const monitor = known.monitor ?? findMonitor(container);
  // Before the file is read: a conmon that has ended has written it.
  const isMonitored = monitor !== undefined && isAlive(monitor);
  // One that cannot be read keeps nobody from the events of the others.
  const exit = tolerate(undefined, () => readExitFile({ id, dir, exitsDir }));
  if (exit === undefined && (isMonitored || known.pid > 0)) {
    const since = known.end?.since ?? monotonicNow();
    known.end = { since };
    if (monotonicNow() - since < endPatience[isMonitored ? "monitored" : "alone"]) return "to come";
  }
  known.end = "settled";
  return exit;
}

function isSettled(known: Kept | undefined): boolean {
  return known?.end === undefined || known.end === "settled";
}

function seenPod(sandbox: Sandbox, known: Kept): Seen {
  const { id, kubeName, infraContainer } = sandbox;
  const status = statusOfPod(sandbox);
  const run = runOf(infraContainer, known, status);
  return {
    ...{ type: "pod", id, name: kubeName, image: "", podId: id, status, exitCode: undefined, ooms: 0 },
    ...run,
    // One without an infra process is there once it is made.
    started: run.started ?? (status === "creating" || status === "created" ? undefined : run.created),
  };
}

function statusOfPod(sandbox: Sandbox): SeenStatus {
  // Its infra container waits to be started: it is not ready yet, and was not stopped either.
  if (sandbox.infraContainer.state?.status === "created" && !sandbox.isMarkedStopped) return "created";
  switch (tolerate(undefined, () => sandbox.state)) {
    case "Ready":
      return "running";
    case "NotReady":
      return "stopped";
    case "Creating":
      return "creating";
    case undefined:
      return "unknown";
  }
}

type RunOfSeen = Pick<Seen, "labels" | "pid" | "created" | "started" | "finished" | "deadMonitor">;

function runOf(container: Container, known: Kept, status: SeenStatus): RunOfSeen {
  const { state, createdAt } = container;
  return {
    labels: known.labels ?? {},
    pid: state?.pid ?? 0,
    created: createdAt.getTime(),
    // Of one that was created anew, state.json still tells of the run before.
    started: status === "created" ? undefined : state?.started?.getTime(),
    finished: state?.finished?.getTime(),
    deadMonitor: deadMonitorOf(container, known, status),
  };
}

/** A conmon that is dead at one look may have ended with its container, of which the next look knows. */
function deadMonitorOf(container: Container, known: Kept, status: SeenStatus): number {
  const isLiving = status === "running" || status === "paused";
  const lost = isLiving && known.deadMonitor === 0 ? lostMonitor(container, known) : undefined;
  if (known.missed && lost !== undefined) known.deadMonitor = lost;
  known.missed = lost !== undefined && known.deadMonitor === 0;
  return isLiving ? known.deadMonitor : 0;
}

/** Pid of its conmon when that is dead: also one that has died before anybody looked, of which only the pid is known. */
function lostMonitor(container: Container, known: Kept): number | undefined {
  if (known.pid === 0) return undefined;
  known.monitor ??= findMonitor(container);
  if (known.monitor === undefined) return deadMonitorPid(container);
  return isAlive(known.monitor) ? undefined : known.monitor.pid;
}

/** conmon marks that memory was exhausted; the kernel counts it, in version 2 where it can be waited for. */
function oomsOf({ dir, bundlePath, state }: Container, { cgroup }: Kept): number {
  const marked = hasOomMarker(dir, bundlePath) ? 1 : 0;
  if (cgroup === undefined || (state?.status !== "running" && state?.status !== "paused")) return marked;
  const events = tolerate(undefined, () => readCgroupFile(cgroup, "memory.events"));
  return Math.max(marked, keyedNumber(events, "oom_kill") ?? 0);
}

/** Reads the records of images where they have changed. */
function imageLooker({ store, logger }: Pick<ServerView, "store" | "logger">): () => Map<string, SeenImage> {
  let mark: string | undefined;
  let found = new Map<string, SeenImage>();
  return () => {
    const files = [store.layout.imagesFile, ...store.layout.furtherImagesFiles];
    const now = files.map(markOf).join(" ");
    if (now !== mark) {
      // They are replaced whole, so that no lock is needed to read them.
      const records = readImages(store.layout, logger);
      found = new Map(records.map(({ id, names }) => [id, { id, names: names ?? [] }]));
      mark = now;
    }
    return found;
  };
}

function markOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? "-" : `${stat.ino}:${stat.mtimeNs}:${stat.size}`;
}

function placesOf({ config, store, lists }: ServerView, kept: ReadonlyMap<string, Kept>): string[] {
  const { layout } = store;
  const files = [...layout.containersFiles, layout.imagesFile, ...layout.furtherImagesFiles];
  const roots = stateRoots(config);
  const ofNode = [config.runRoot, config.containerExitsDir, ...roots, ...files.map(directoryOf)];
  const ofContainers = lists
    .all()
    .filter(({ id, state }) => state?.status !== "stopped" || !isSettled(kept.get(id)))
    .flatMap(({ id, dir, bundlePath }) => {
      const cgroup = kept.get(id)?.cgroup;
      return [
        ...[dir, bundlePath, ...roots.map((root) => `${root}/${id}`)],
        ...(cgroup === undefined ? [] : [`${cgroup}/cgroup.events`, `${cgroup}/memory.events`]),
      ].filter((path) => existsSync(path));
    });
  return [...new Set([...ofNode, ...ofContainers])];
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
