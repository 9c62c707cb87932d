import { existsSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, isNotFound } from "../errors";
import { fileLimits, readRegularText } from "../system/files";
import { readThreadGroup } from "../system/process";
import { identifyProcess, signalProcess } from "../system/process-identity";
import { waitUntil } from "../system/wait-until";
import { cgroupsBelow } from "./files";
import { thawCgroup } from "./freezer";
import { cgroupHierarchies } from "./mounts";

/** Milliseconds that killed processes have to leave their cgroup. */
const emptyTimeLimit = 5_000;

/** A cgroup that could not be removed, and the processes that are in it or below it. */
export interface StuckCgroup {
  readonly directory: string;
  /** As this process sees them: 0 is one of another pid namespace. */
  readonly pids: readonly number[];
}

/**
 * Removes all cgroups of a container and of its conmon, in every hierarchy and wherever they lie; processes
 * that are still in them are killed.
 * @returns the cgroups that could not be emptied in time
 * @throws KpodError INTERRUPTED
 */
export async function removeCgroups(
  id: string,
  limits: { timeoutMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<StuckCgroup[]> {
  return emptyAndRemove(`the cgroups of container ${id}`, containerCgroups(id), limits);
}

/**
 * The same for other cgroups.
 * @param what they are, for the message
 * @throws KpodError INTERRUPTED
 */
export async function emptyAndRemove(
  what: string,
  directories: readonly string[],
  { timeoutMs = emptyTimeLimit, signal }: { timeoutMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<StuckCgroup[]> {
  let left = [...directories];
  for (const directory of left) thawTree(directory);
  const removeAll = (): boolean => {
    for (const directory of left) killAtOnce(directory);
    left = left.filter((directory) => !removeTree(directory));
    return left.length === 0;
  };
  await waitUntil(`${what} to be empty`, removeAll, { timeoutMs, signal });
  return left.map((directory) => ({ directory, pids: [...new Set(pidsBelow(directory))] }));
}

/**
 * Kills all that is in the cgroups of a container, where the kernel can kill cgroups: conmon is in another one, and still
 * writes down how the container ended. A runtime that has to wait for processes which it does not know would hang.
 */
export function killContainerCgroups(id: string): void {
  for (const directory of cgroupsNamed([`crio-${id}`, `crio-${id}.scope`])) killAtOnce(directory);
}

/** Thaws all cgroups of a container and of its conmon: a frozen process does not die before that. */
export function thawCgroups(id: string): void {
  for (const directory of containerCgroups(id)) thawTree(directory);
}

/** The cgroups of a container and of its conmon that there are, by the names that CRI-O gives them. */
export function containerCgroups(id: string): string[] {
  return cgroupsNamed([`crio-${id}`, `crio-${id}.scope`, `crio-conmon-${id}`, `crio-conmon-${id}.scope`]);
}

function cgroupsNamed(names: readonly string[]): string[] {
  const wanted = new Set(names);
  return findCgroups((name) => wanted.has(name));
}

/** The directories of all cgroups whose name is wanted, in every hierarchy; what lies below one is not looked at. */
export function findCgroups(isWanted: (name: string) => boolean): string[] {
  return cgroupHierarchies().flatMap((hierarchy) => findDirectories(hierarchy, isWanted));
}

/**
 * The processes of a cgroup and of those below it, as this process sees them: 0 stands for one of another pid
 * namespace, of which nothing else can be told.
 */
export function pidsBelow(directory: string): number[] {
  return [
    ...processesIn(directory),
    ...cgroupsBelow(directory).flatMap((name) => pidsBelow(join(directory, name))),
  ];
}

function thawTree(directory: string): void {
  thawCgroup(directory);
  for (const name of cgroupsBelow(directory)) thawTree(join(directory, name));
}

function findDirectories(directory: string, isWanted: (name: string) => boolean): string[] {
  return cgroupsBelow(directory).flatMap((name) => {
    const path = join(directory, name);
    return isWanted(name) ? [path] : findDirectories(path, isWanted);
  });
}

/**
 * Kills what is in a cgroup of version 2 and those below it in one step (cgroup-v2.rst of the kernel, since 5.14): what
 * forks faster than its pids can be read would live on for ever. Where a process of another pid namespace is among them,
 * of which nobody here knows whose it is, the others are left to be killed one by one.
 */
function killAtOnce(directory: string): void {
  const path = join(directory, "cgroup.kill");
  if (!existsSync(path)) return;
  const pids = pidsBelow(directory);
  if (pids.length === 0 || pids.includes(0)) return;
  try {
    writeFileSync(path, "1");
  } catch (error) {
    // One of threads cannot be killed so.
    if (!isGone(error) && !isUnsupported(error)) throw error;
  }
}

/** Kills what is in a cgroup and those below it, and removes those that are empty by now. @returns whether all is gone */
function removeTree(directory: string): boolean {
  const below = cgroupsBelow(directory).map((name) => removeTree(join(directory, name)));
  killMembers(directory);
  try {
    rmdirSync(directory);
    return below.every(Boolean);
  } catch (error) {
    if (isNotFound(error)) return true;
    const code = errnoOf(error);
    if (code === "EBUSY" || code === "ENOTEMPTY") return false;
    throw error;
  }
}

/** Kills the processes in a cgroup itself. */
function killMembers(directory: string): void {
  const members = processesIn(directory).flatMap((pid) => identifyProcess(pid) ?? []);
  if (members.length === 0) return;
  // The pid of one that ended may have gone to anybody before it was looked at: who is still in it is meant.
  const still = new Set(processesIn(directory));
  for (const member of members) if (still.has(member.pid)) signalProcess(member, "SIGKILL");
}

/** The processes in a cgroup itself. One of threads tells of these alone. */
function processesIn(directory: string): number[] {
  try {
    return readPids(join(directory, "cgroup.procs"));
  } catch (error) {
    if (isGone(error)) return [];
    if (!isUnsupported(error)) throw error;
  }
  try {
    const threads = readPids(join(directory, "cgroup.threads"));
    return [...new Set(threads.map((thread) => (thread > 0 ? readThreadGroup(thread) : thread) ?? thread))];
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function readPids(path: string): number[] {
  return readRegularText(path, fileLimits.kernel).split("\n").filter(Boolean).map(Number);
}

function isGone(error: unknown): boolean {
  return isNotFound(error) || errnoOf(error) === "ENODEV";
}

function isUnsupported(error: unknown): boolean {
  return errnoOf(error) === "EOPNOTSUPP" || errnoOf(error) === "ENOTSUP";
}
