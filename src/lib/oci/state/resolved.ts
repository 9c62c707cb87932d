/*
 * What the state of a container is, resolved from all who know of it. The runtime stands above the exit file, the exit file
 * above state.json, which is only CRI-O's memory and may be stale.
 */
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isAlive, isPidTaken } from "../../system/process";
import { annotations } from "../annotations";
import { findMonitor } from "../conmon/find";
import type { Container } from "../container";
import { hasStateFile, isBeingMade, isYoung } from "./being-made";
import type { ContainerState } from "./container-state";
import { hasKillMarker, hasOomMarker, readExitFile, type ExitRecord } from "./exit-file";
import type { PersistedState } from "./persisted";
import type { RuntimeState } from "./runtime";

/** What the runtime said of a container: its state, that it has none, or nothing (it could not be asked). */
export type RuntimeAnswer = RuntimeState | "absent" | "unreachable";

/** The exit code that CRI-O gives to a container of which nobody knows how it ended. */
export const unknownExitCode = 255;

/** The exit code of a container that KILL ended. */
export const killedExitCode = 137;

/** Who else knows of a container. */
export interface OtherWitnesses {
  /** What its state.json says; it becomes the result. */
  readonly persisted: PersistedState | undefined;
  readonly exitsDir: string;
  /** Tells whether a process that is not seen has ended. In another pid namespace than the node's it need not have. */
  readonly hasEndedUnseen: (id: string) => boolean;
  /** False for a container that somebody has removed meanwhile. */
  readonly hasRecord: (container: Container) => boolean;
}

/**
 * Puts together the state of a container. Its state.json is the last that is made of one: without it, it is still being
 * made, or was left by half.
 * @throws KpodError CORRUPT, NOT_PERMITTED, IO when its exit file cannot be read
 */
export function resolveState(
  container: Container,
  answer: RuntimeAnswer,
  { persisted, exitsDir, hasEndedUnseen, hasRecord }: OtherWitnesses,
): ContainerState {
  const { id, bundlePath } = container;
  const state = stateBy(id, persisted);
  const persistedEnd = state.status === "stopped";
  if (typeof answer === "object") {
    state.status = answer.status;
    state.pid = answer.pid;
    // These do not change, and what the runtime's files say of them takes long to read.
    if (state.ociVersion === "") state.ociVersion = answer.ociVersion;
    if (state.bundle === "") state.bundle = answer.bundle;
    if (state.bundle === "") state.bundle = bundlePath;
    // The runtime goes on with those of the beginning when a container is renamed.
    if (persisted?.annotated !== true) state.annotations = answer.annotations;
    if (answer.created !== undefined) state.created = answer.created;
    // It waits to be started before whoever makes it has persisted that.
    const early = answer.status === "created" && persisted === undefined && isBeingMade(container);
    if (early) state.status = "creating";
    if (answer.status !== "stopped") return alive(state);
    const exit = readExit(container, exitsDir);
    const known = exit !== undefined || persistedEnd || hasEndedUnseen(id);
    return known ? ended(state, exit, container) : unknown(state, 0);
  }
  if (persisted === undefined) state.bundle = bundlePath;
  const exit = readExit(container, exitsDir);
  if (exit !== undefined) return ended(state, exit, container);
  if (persisted === undefined && !hasStateFile(container) && hasRecord(container)) {
    const isMade = isYoung(container) || findMonitor(container) !== undefined;
    return isMade ? creating(state) : unknown(state, 0);
  }
  // The runtime lost its state, or was never the one, while the process is still there: nobody can tell.
  const { initPid, initStartTime } = state;
  if (
    initPid !== undefined &&
    initStartTime !== undefined &&
    isAlive({ pid: initPid, startTime: initStartTime })
  ) {
    return unknown(state, initPid);
  }
  // A copy of another machine's store, or one that was moved: the runtimes here know nothing of it.
  const lives = state.status === "running" || state.status === "paused" || state.status === "created";
  if (lives && isMoved(container, state)) return unknown(state, 0);
  if (persistedEnd || (answer === "absent" && hasEndedUnseen(id))) return ended(state, exit, container);
  return unknown(state, 0);
}

/** The state of a container whose files cannot be read: nobody can tell. */
export function unknownState({ id }: Container, persisted?: PersistedState): ContainerState {
  return unknown(stateBy(id, persisted), 0);
}

function stateBy(id: string, persisted: PersistedState | undefined): ContainerState {
  const state = persisted?.state ?? {
    ociVersion: "",
    id,
    status: "unknown",
    pid: 0,
    bundle: "",
    annotations: {},
    oomKilled: false,
    error: "",
  };
  state.id = id;
  return state;
}

/**
 * True for a container that ended long ago, as its own files tell it: the process that they name is gone, and its
 * runtime could say no more. It saves reading the runtime's files, which matters for a list of a thousand.
 * @returns false when the files do not settle it
 */
export function hasEnded({ id }: Container, state: ContainerState): boolean {
  if (state.id !== id || state.status !== "stopped") return false;
  const { exitCode, finished, initPid, initStartTime } = state;
  if (exitCode === undefined || finished === undefined) return false;
  if (initPid === undefined || initStartTime === undefined) return false;
  return !isPidTaken(initPid) || !isAlive({ pid: initPid, startTime: initStartTime });
}

function readExit({ id, dir }: Container, exitsDir: string): ExitRecord | undefined {
  return readExitFile({ id, dir, exitsDir });
}

/** True when the store does not lie where it lay when the container was made. */
function isMoved({ dir }: Container, { annotations: persisted }: ContainerState): boolean {
  const mountPoint = persisted[annotations.mountPoint];
  // ROOT/DRIVER-containers/ID/userdata, and ROOT/DRIVER/LAYER/merged.
  const root = dirname(dirname(dirname(dir)));
  if (mountPoint === undefined || mountPoint.startsWith(`${root}/`)) return false;
  const layer = dirname(mountPoint);
  // By another way to the same place, a symbolic link for example, it is where it was.
  const [there, here] = [layer, join(root, basename(dirname(layer)), basename(layer))].map((path) =>
    statSync(path, { throwIfNoEntry: false }),
  );
  return there === undefined || there.ino !== here?.ino || there.dev !== here.dev;
}

function alive(state: ContainerState): ContainerState {
  state.oomKilled = false;
  if (state.exitCode !== undefined) delete state.exitCode;
  if (state.finished !== undefined) delete state.finished;
  return state;
}

function creating(state: ContainerState): ContainerState {
  state.status = "creating";
  state.pid = 0;
  return alive(state);
}

function unknown(state: ContainerState, pid: number): ContainerState {
  state.status = "unknown";
  state.pid = pid;
  return alive(state);
}

function ended(state: ContainerState, exit: ExitRecord | undefined, container: Container): ContainerState {
  state.status = "stopped";
  state.pid = 0;
  state.exitCode = exit?.exitCode ?? state.exitCode ?? unseenExitCode(container);
  const finished = exit?.finished ?? state.finished;
  if (finished !== undefined) state.finished = finished;
  state.oomKilled ||= hasOomMarker(container.dir, container.bundlePath);
  return state;
}

/** The exit code of what ended without anybody who writes it down: who has killed it is about to. */
function unseenExitCode({ bundlePath }: Container): number {
  return hasKillMarker(bundlePath) ? killedExitCode : unknownExitCode;
}
