import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileLimits, readRegularText } from "../../system/files";
import { isSamePath } from "../../system/paths";
import { isAlive, readCommandLine, readExecutable } from "../../system/process";
import { identifyProcess, knownProcess, type ProcessIdentity } from "../../system/process-identity";
import type { Container } from "../container";
import { hasStateFile, isYoung } from "../state/being-made";
import { readPersistedState } from "../state/persisted";

/** What of a container leads to its conmon. */
export type Monitored = Pick<Container, "id" | "bundlePath" | "dir">;

/**
 * The conmon of a container while it lives: the process that state.json or the pid file names, if it is a conmon and
 * was called for this very container. A pid in a file alone tells nothing, it can be anybody's by now.
 * @returns undefined when it is dead or nobody noted it: CRI-O before 1.17 did not ask conmon for its pid
 */
export function findMonitor(container: Monitored): ProcessIdentity | undefined {
  return [persistedMonitor(container), fromPidFile(container)].find(
    (candidate): candidate is ProcessIdentity =>
      candidate !== undefined && isAlive(candidate) && isMonitorOf(candidate.pid, container),
  );
}

/** The same, and where neither names it, looked for among all processes: before the container's files are removed. */
export function searchMonitor(container: Monitored): ProcessIdentity | undefined {
  const noted = findMonitor(container);
  if (noted !== undefined) return noted;
  for (const name of readdirSync("/proc")) {
    const pid = /^\d+$/.test(name) ? Number(name) : 0;
    const found = pid > 0 && isMonitorOf(pid, container) ? identifyProcess(pid) : undefined;
    if (found !== undefined && isAlive(found)) return found;
  }
  return undefined;
}

/** A conmon that lives, and for whom it says that it does. */
export interface SeenMonitor {
  readonly process: ProcessIdentity;
  readonly id: string;
  readonly bundle: string;
  /** The container's full name; undefined when it was not told. */
  readonly name: string | undefined;
}

/** All conmons that live and watch a container; those of an exec are for no bundle. */
export function listMonitors(): SeenMonitor[] {
  return readdirSync("/proc").flatMap((entry) => {
    const pid = /^\d+$/.test(entry) ? Number(entry) : 0;
    const words = pid > 0 ? (readCommandLine(pid) ?? []) : [];
    const [id] = valuesOf(words, "-c", "--cid");
    const [bundle] = valuesOf(words, "-b", "--bundle");
    if (id === undefined || bundle === undefined || !isMonitorOf(pid, { id, bundlePath: bundle })) return [];
    const process = identifyProcess(pid);
    if (process === undefined || !isAlive(process)) return [];
    return [{ process, id, bundle, name: valuesOf(words, "-n", "--name")[0] }];
  });
}

/** True when somebody noted who the conmon of a container is: then one that is not found is dead. */
export function isMonitorPersisted(container: Monitored): boolean {
  return readMonitorPid(container.bundlePath) !== undefined || persistedMonitor(container) !== undefined;
}

/** True for what somebody began to make long ago and left: no state was ever noted, and no conmon works at it. */
export function isLeftByHalf(container: Monitored & Pick<Container, "createdAt">): boolean {
  return !hasStateFile(container) && !isYoung(container) && findMonitor(container) === undefined;
}

/** CRI-O since 1.34 notes it with its start time. */
function persistedMonitor({ dir }: Monitored): ProcessIdentity | undefined {
  try {
    const monitor = readPersistedState(join(dir, "state.json"))?.monitor;
    return knownProcess(monitor?.pid, monitor?.startTime);
  } catch {
    // What cannot be read notes nothing.
    return undefined;
  }
}

function fromPidFile({ bundlePath }: Monitored): ProcessIdentity | undefined {
  const pid = readMonitorPid(bundlePath);
  return pid === undefined ? undefined : identifyProcess(pid);
}

/** What stands in the pid file that conmon wrote. */
function readMonitorPid(bundlePath: string): number | undefined {
  try {
    const text = readRegularText(join(bundlePath, "conmon-pidfile"), fileLimits.word).trim();
    return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * True for a program called conmon with the option `-c ID`, for this bundle. That the id stands elsewhere among its
 * words is not enough, and in a copy of a store the container is another one.
 */
function isMonitorOf(pid: number, { id, bundlePath }: Pick<Monitored, "id" | "bundlePath">): boolean {
  const words = readCommandLine(pid);
  if (words === undefined || !valuesOf(words, "-c", "--cid").includes(id)) return false;
  const bundles = valuesOf(words, "-b", "--bundle");
  if (bundles.length > 0 && !bundles.some((bundle) => isSamePath(bundle, bundlePath))) return false;
  return basename(readExecutable(pid) ?? "")
    .replace(/ \(deleted\)$/, "")
    .includes("conmon");
}

function valuesOf(words: readonly string[], short: string, long: string): string[] {
  return words.flatMap((word, index) => {
    if (word.startsWith(`${long}=`)) return word.slice(long.length + 1);
    return word === short || word === long ? (words[index + 1] ?? []) : [];
  });
}
