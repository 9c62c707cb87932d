/*
 * Where runtimes keep the state of a container, and whose it is. CRI-O persists nowhere which runtime has one: what tells is
 * the directory of the container below a runtime's root, and the conmon that called it.
 */
import { existsSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { basename } from "node:path";
import { errnoOf, isNotFound } from "../../errors";
import type { Container } from "../container";
import { findExecutable, isExecutable } from "../../system/executable";
import { findMonitor, readMonitorCall, type Monitored } from "../conmon/find";
import type { KnownRuntime } from "../state/runtime-files";
import { findRuntime, type RuntimeConfigPart, type RuntimeHandler } from "./handler";

/** Where CRI-O has runtimes keep their state when a handler does not say: since 1.31, and before. */
const rootsOfCrio: readonly string[] = ["/run/crun", "/run/runc"];

/**
 * Finds the runtime that really has a container. The handler may name no root, the defaults changed with CRI-O's
 * versions, and crio.conf may have changed since.
 * @param configured the handler that the configuration gives
 * @param others the further handlers of the configuration
 * @param defaultRoots where handlers that name no root may have theirs
 * @returns undefined when no root has it
 */
export function locateRuntime(
  configured: RuntimeHandler,
  others: readonly RuntimeHandler[],
  { id }: Pick<Container, "id">,
  defaultRoots: readonly string[] = rootsOfCrio,
): RuntimeHandler | undefined {
  if (configured.root !== "" && existsSync(`${configured.root}/${id}`)) {
    // By default all handlers have one root: whose state lies there, the files know.
    const found = kindOfState(`${configured.root}/${id}`);
    const program = basename(configured.path);
    if (found === undefined || program.includes(found) || !/runc|crun/.test(program)) return configured;
  }
  const roots = [...others.map(({ root }) => root), ...defaultRoots].filter((root) => root !== "");
  for (const root of new Set(roots)) {
    const kind = kindOfState(`${root}/${id}`);
    if (kind !== undefined) return handlerOfKind(kind, root, [configured, ...others]);
  }
  return undefined;
}

/** Where the runtimes of a configuration keep their state, also those whose program is not there. */
export function stateRoots({ runtimes }: RuntimeConfigPart): readonly string[] {
  const roots = Object.values(runtimes).map(({ runtimeRoot }) => runtimeRoot);
  return [...new Set([...roots.filter((root) => root !== ""), ...rootsOfCrio])];
}

/**
 * True when a container that is in none of the {@link stateRoots} has no runtime. Of other runtimes than runc and
 * crun, those that run virtual machines for one, it is not known what they keep and where; and where a program is
 * missing, somebody has still to be told so.
 */
export function rootsTellAll(config: RuntimeConfigPart): boolean {
  const choices = [
    { handler: "", trusted: undefined, privileged: false },
    { handler: "", trusted: false, privileged: false },
    ...Object.keys(config.runtimes).map((handler) => ({ handler, trusted: undefined, privileged: false })),
  ];
  return choices.every((choice) => {
    const handler = findRuntime(config, choice);
    return handler !== undefined && handler.type !== "vm" && /runc|crun/.test(basename(handler.path));
  });
}

/** The state of a container below the root of a runtime. */
export interface LocatedState {
  readonly directory: string;
  /** Undefined for one whose form kpod does not know. */
  readonly kind: KnownRuntime | undefined;
}

/** Where the state of a container lies; undefined when none of the roots has it. */
export function locateState(roots: readonly string[], id: string): LocatedState | undefined {
  for (const root of roots) {
    const directory = `${root}/${id}`;
    const kind = kindOfState(directory);
    if (kind !== undefined || existsSync(directory)) return { directory, kind };
  }
  return undefined;
}

/**
 * The roots in which containers have their state, by the ids of these: each root is listed once, which for a list of a
 * thousand is less than to look for each.
 * @returns undefined where a root cannot be listed
 */
export function listStates(roots: readonly string[]): ReadonlyMap<string, string> | undefined {
  const rootOf = new Map<string, string>();
  try {
    for (const root of roots) for (const id of readdirSync(root)) if (!rootOf.has(id)) rootOf.set(id, root);
    return rootOf;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

/** Whose state a directory holds; undefined when there is none. */
export function kindOfState(directory: string): KnownRuntime | undefined {
  if (existsSync(`${directory}/state.json`)) return "runc";
  return existsSync(`${directory}/status`) ? "crun" : undefined;
}

function handlerOfKind(
  kind: KnownRuntime,
  root: string,
  handlers: readonly RuntimeHandler[],
): RuntimeHandler {
  const sameKind = handlers.find(({ path }) => basename(path).includes(kind));
  const [configured] = handlers;
  // Other runtimes than these two keep a state.json as runc does.
  if (kind === "runc" && configured !== undefined && isOther(configured)) return { ...configured, root };
  const path = sameKind?.path ?? findExecutable("", `/usr/bin/${kind}`) ?? configured?.path ?? kind;
  return { name: kind, path, root, monitor: sameKind?.monitor ?? configured?.monitor ?? "" };
}

function isOther({ path, type }: RuntimeHandler): boolean {
  return path !== "" && type !== "vm" && !/runc|crun/.test(basename(path));
}

/**
 * The runtime that a container's conmon was called with: conmon lives as long as the container.
 * @returns undefined when its conmon does not live
 */
export function runtimeOfMonitor(container: Monitored): RuntimeHandler | undefined {
  const pid = findMonitor(container)?.pid;
  const call = pid === undefined || !isOfHost(pid) ? undefined : readMonitorCall(pid);
  if (call === undefined) return undefined;
  const { runtime: path, runtimeRoot: root, program: monitor } = call;
  if (!path.startsWith("/") || !isExecutable(path)) return undefined;
  return { name: basename(path), path, root, monitor };
}

/**
 * True for a process of ours in our own file system. What it says is what will be run, and the pid of a conmon
 * that is dead can be anybody's by now, also of a process in a container.
 */
function isOfHost(pid: number): boolean {
  try {
    const mounts = [`/proc/${pid}/ns/mnt`, "/proc/self/ns/mnt"].map((path) => readlinkSync(path));
    return mounts[0] === mounts[1] && statSync(`/proc/${pid}`).uid === process.geteuid?.();
  } catch (error) {
    if (isNotFound(error) || ["EACCES", "EPERM", "ESRCH"].includes(errnoOf(error) ?? "")) return false;
    throw error;
  }
}
