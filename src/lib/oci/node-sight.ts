/*
 * Whether the processes of the node's containers are to be seen from here, or kpod runs in another pid namespace.
 */
import { readdirSync } from "node:fs";
import { KpodError, tolerate, ifThere } from "../errors";
import { isOwnProc } from "../system/namespaces";
import { isAlive, readCommandName } from "../system/process";
import { knownProcess, type ProcessIdentity } from "../system/process-identity";
import { readExitFile } from "./state/exit-file";
import { readRuntimeProcess } from "./state/runtime-files";
import { kindOfState } from "./runtime/location";
import { readPersistedLazily } from "./state/persisted";

/** Where what is known of the processes of a node's containers stands. */
export interface NodeEvidence {
  /** The directories in which runtimes keep their state. */
  readonly runtimeRoots: readonly string[];
  /** The store's directory of containers; "" for none. */
  readonly containersDirectory: string;
  readonly exitsDir: string;
  /** Looks at the cgroups of all containers. */
  readonly populationOf: () => ContainerPopulation;
}

/** What the cgroups of containers tell of the processes in them. */
export interface ContainerPopulation {
  /** Whether there are any, of whichever pid namespace; undefined where nobody can tell. */
  readonly isPopulated: (id: string) => boolean | undefined;
  /** True when one of them is of another pid namespace. */
  readonly hasForeign: (id: string) => boolean;
}

/** Whether the processes of a node's containers are to be seen in /proc. */
export interface NodeSight {
  /**
   * `node`: they are. `outside`: they are in another pid namespace, as those of a node are for a toolbox. `unclear`:
   * nothing runs by which it could be told.
   */
  readonly place: "node" | "outside" | "unclear";
  /** True when a process that is not seen has ended for sure, be it by the cgroups of its container. */
  hasEndedUnseen(id: string): boolean;
}

/** What is pid 1 of a machine, or of a container that stands for one: kind's nodes run systemd. */
const inits: ReadonlySet<string> = new Set(["systemd", "init", "openrc-init", "runit", "s6-svscan", "procd"]);

/**
 * Finds out whether the processes of the node's containers are to be seen here, where this is not the machine itself. A
 * node may be a container, too, so that processes have to tell, those that its runtimes and CRI-O have persisted: one that
 * is here with its start time says that this is the node's pid namespace; one that is not, though the cgroup of its
 * container holds processes, says that it is not.
 */
export function nodeSight(evidence: NodeEvidence): NodeSight {
  const population = evidence.populationOf();
  const place = placeBy(evidence, population);
  return { place, hasEndedUnseen: (id) => place === "node" || population.isPopulated(id) === false };
}

function placeBy(evidence: NodeEvidence, population: ContainerPopulation): NodeSight["place"] {
  const known = knownContainers(evidence);
  const persisted = persistedProcesses(known, evidence);
  if (persisted.some(({ process }) => isAlive(process))) return "node";
  if (known.some(({ id }) => population.hasForeign(id))) return "outside";
  if (persisted.some(({ id }) => population.isPopulated(id) === true)) return "outside";
  if (isOwnProc() && (inits.has(readCommandName(1) ?? "") || runsHere("crio"))) return "node";
  // One that ran when it was persisted, of which nothing is to be seen: that it has ended nobody can tell.
  const open = persisted.some(({ id }) => population.isPopulated(id) !== false);
  return open || !isOwnProc() ? "outside" : "unclear";
}

interface KnownContainer {
  readonly id: string;
  /** Its first process as somebody persisted it. */
  readonly process: ProcessIdentity | undefined;
}

/** The containers of which runtimes or the store know. */
function knownContainers({ runtimeRoots, containersDirectory }: NodeEvidence): KnownContainer[] {
  const byRuntimes = runtimeRoots.flatMap((root) =>
    entriesOf(root).map((id) => {
      const directory = `${root}/${id}`;
      const kind = kindOfState(directory);
      return { id, process: kind === undefined ? undefined : readRuntimeProcess(kind, directory) };
    }),
  );
  const byStore = entriesOf(containersDirectory).map((id) => ({
    id,
    process: processInState(`${containersDirectory}/${id}/userdata/state.json`),
  }));
  return [...byRuntimes, ...byStore];
}

/** Those of them with a process whose end nobody has written down. */
function persistedProcesses(
  known: readonly KnownContainer[],
  { containersDirectory, exitsDir }: NodeEvidence,
): { id: string; process: ProcessIdentity }[] {
  return known.flatMap(({ id, process }) => {
    const dir = `${containersDirectory}/${id}/userdata`;
    return process === undefined || hasExitFile({ id, dir, exitsDir }) ? [] : [{ id, process }];
  });
}

function processInState(path: string): ProcessIdentity | undefined {
  // What cannot be read tells nothing.
  return tolerate(undefined, () => {
    const state = readPersistedLazily(path)?.state;
    return state === undefined || state.status === "stopped"
      ? undefined
      : knownProcess(state.initPid, state.initStartTime);
  });
}

function hasExitFile(places: Parameters<typeof readExitFile>[0]): boolean {
  return tolerate(false, () => readExitFile(places) !== undefined);
}

function runsHere(name: string): boolean {
  return entriesOf("/proc").some((pid) => /^\d+$/.test(pid) && readCommandName(Number(pid)) === name);
}

function entriesOf(directory: string): string[] {
  return ifThere(() => (directory === "" ? [] : readdirSync(directory)), "EACCES", "EPERM") ?? [];
}

/** The way into the pid namespace of a node. */
export const wayIn =
  "use nsenter -t 1 -a kpod … from a pod with hostPID, or kubectl debug node/NAME --profile=sysadmin and chroot /host";

/**
 * Makes sure that this is the pid namespace of the node, before anything is changed in it: elsewhere containers that
 * run look as if they had ended, and their pids are those of others.
 * @param sight what the runtimes tell of it
 * @param launching where nothing runs by which the namespace could be told, what is on disk may still be changed, but
 * nothing launched: it would belong to a toolbox, say, and end with that
 * @throws KpodError UNSUPPORTED with the way in
 */
export function requireNode(sight: () => NodeSight, launching: boolean): void {
  const place = isOwnProc() ? sight().place : "outside";
  if (place === "node" || (place === "unclear" && !launching)) return;
  throw new KpodError(
    "UNSUPPORTED",
    place === "outside"
      ? "this is another pid namespace than that of the node, whose processes cannot be changed from here"
      : "this is not the pid namespace of a machine, and nothing runs that shows it to be that of a node",
    { hint: wayIn },
  );
}
