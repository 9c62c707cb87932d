/*
 * What CRI-O persisted of a container's state: its state.json, read and written. It is CRI-O's memory, the least of the
 * witnesses: `resolved.ts` tells what is.
 */
import { join } from "node:path";
import { fileError, isNotFound, KpodError } from "../../errors";
import { parseExactJson, type ExactJson } from "../../system/exact-json";
import { isRecord, parseJson, readTextIfThere, writeFileAtomic } from "../../system/files";
import { readTime, textMap, zeroTime, textOf } from "../../system/go-json";
import { readIntoScratch, scratch } from "../../system/scratch";
import type { Container } from "../container";
import { readStatus, type ContainerState, type ContainerStatus } from "./container-state";

/**
 * What the state.json of a container says: that which lives through a reboot, else that of the bundle. One that
 * cannot be read is as good as none: it is the least of the witnesses.
 */
export function persistedStateOf({
  dir,
  bundlePath,
}: Pick<Container, "dir" | "bundlePath">): PersistedState | undefined {
  for (const directory of [dir, bundlePath]) {
    try {
      const persisted = readPersistedLazily(`${directory}/state.json`);
      if (persisted !== undefined) return persisted;
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
    }
  }
  return undefined;
}

/**
 * Reads the state.json of CRI-O; undefined when there is none yet.
 * @throws KpodError CORRUPT when it is not JSON
 */
export function readPersistedState(path: string): ContainerState | undefined {
  const text = readTextIfThere(path);
  return text === undefined ? undefined : parsePersistedState(path, text);
}

/** The state that the text of a state.json holds; undefined when it is empty. */
export function parsePersistedState(path: string, text: string): ContainerState | undefined {
  if (text.trim() === "") return undefined;
  const value = parseJson(path, text);
  return isRecord(value) ? stateOf(value) : undefined;
}

/** A state as its state.json has it. */
export interface PersistedState {
  readonly state: ContainerState;
  /** False where there are no annotations in it. To ask the state itself may mean to read them. */
  readonly annotated: boolean;
}

// As bytes, which are found faster than texts. Quotes within texts are escaped in JSON: no annotation can look like them.
const beforeAnnotations = Buffer.from(',"annotations":{"');
const behindAnnotations = Buffer.from('},"created":"');

/**
 * Reads a state.json as {@link readPersistedState} does, but for its annotations, which make up nearly all of it: they are
 * read when somebody asks for them.
 * @throws KpodError CORRUPT when it is not JSON; NOT_PERMITTED, IO
 */
export function readPersistedLazily(path: string): PersistedState | undefined {
  let length: number;
  try {
    length = readIntoScratch(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw fileError(`cannot read ${path}`, error);
  }
  const start = scratch.indexOf(beforeAnnotations);
  const end = scratch.lastIndexOf(behindAnnotations, length - 1);
  if (length === scratch.length || start < 0 || end < start) {
    const state = readPersistedState(path);
    return state && { state, annotated: Object.keys(state.annotations).length > 0 };
  }
  const value = parseJson(
    path,
    scratch.toString("utf8", 0, start) + scratch.toString("utf8", end + 1, length),
  );
  if (!isRecord(value)) return undefined;
  return { state: filled(new StateOfFile(path, value), value), annotated: true };
}

/** A state whose annotations are read when they are asked for. To copy it by `{ ...state }` would leave them out. */
class StateOfFile implements ContainerState {
  ociVersion: string;
  id: string;
  status: ContainerStatus;
  pid: number;
  bundle: string;
  oomKilled: boolean;
  error: string;
  #path: string;
  #annotations: Record<string, string> | undefined;

  constructor(path: string, value: Record<string, unknown>) {
    this.ociVersion = textOf(value.ociVersion);
    this.id = textOf(value.id);
    this.status = readStatus(value.status);
    this.pid = numberOf(value.pid) ?? 0;
    this.bundle = textOf(value.bundle);
    this.oomKilled = value.oomKilled === true;
    this.error = textOf(value.error);
    this.#path = path;
  }

  get annotations(): Record<string, string> {
    this.#annotations ??= readPersistedState(this.#path)?.annotations ?? {};
    return this.#annotations;
  }

  set annotations(annotations: Record<string, string>) {
    this.#annotations = annotations;
  }
}

function stateOf(value: Record<string, unknown>): ContainerState {
  const state: ContainerState = {
    ociVersion: textOf(value.ociVersion),
    id: textOf(value.id),
    status: readStatus(value.status),
    pid: numberOf(value.pid) ?? 0,
    bundle: textOf(value.bundle),
    annotations: textMap(value.annotations),
    oomKilled: value.oomKilled === true,
    error: textOf(value.error),
  };
  return filled(state, value);
}

/** Adds what not every state has, one by one: a list of a thousand makes as many of these. */
function filled(state: ContainerState, value: Record<string, unknown>): ContainerState {
  const created = readTime(value.created);
  if (created !== undefined) state.created = created;
  const started = readTime(value.started);
  if (started !== undefined) state.started = started;
  const finished = readTime(value.finished);
  if (finished !== undefined) state.finished = finished;
  // CRI-O 1.0 left an exit code of 0 out, later ones leave out one that nobody knows.
  const early = value.initPid === undefined && value.checkpointedTime === undefined;
  const persisted = numberOf(value.exitCode) ?? (early && value.status === "stopped" ? 0 : -1);
  // -1 stands for one that nobody knows.
  if (persisted >= 0) state.exitCode = persisted;
  const checkpointed = readTime(value.checkpointedTime);
  if (checkpointed !== undefined) state.checkpointed = checkpointed;
  if (typeof value.initPid === "number") state.initPid = value.initPid;
  if (typeof value.initStartTime === "string") state.initStartTime = value.initStartTime;
  const monitor = value.containerMonitorProcess;
  if (isRecord(monitor) && typeof monitor.pid === "number")
    state.monitor = { pid: monitor.pid, startTime: textOf(monitor.startTime) };
  return state;
}

/**
 * The text of a state.json as CRI-O writes it: one line, keys in CRI-O's order, unset ones left out.
 * @param before what stands in the file: fields that kpod does not know are kept, and so are the nanoseconds of times
 * that have not changed
 */
export function formatPersistedState(state: ContainerState, before?: ExactJson): string {
  const persisted = before !== undefined && isRecord(before.value) ? before.value : {};
  const timeOf = (key: "created" | "started" | "finished" | "checkpointed", name: string = key): unknown => {
    const time = state[key];
    if (time === undefined) return key === "checkpointed" ? (persisted[name] ?? zeroTime) : zeroTime;
    return readTime(persisted[name])?.getTime() === time.getTime() ? persisted[name] : time.toISOString();
  };
  const file = {
    ociVersion: state.ociVersion,
    id: state.id,
    status: state.status,
    ...(state.pid > 0 ? { pid: state.pid } : {}),
    bundle: state.bundle,
    ...(Object.keys(state.annotations).length === 0 ? {} : { annotations: state.annotations }),
    created: timeOf("created"),
    started: timeOf("started"),
    finished: timeOf("finished"),
    ...(state.exitCode === undefined ? {} : { exitCode: state.exitCode }),
    ...(state.oomKilled ? { oomKilled: true } : {}),
    ...("seccompKilled" in persisted ? { seccompKilled: persisted.seccompKilled } : {}),
    ...(state.error === "" ? {} : { error: state.error }),
    ...(state.initPid === undefined ? {} : { initPid: state.initPid }),
    ...(state.initStartTime === undefined ? {} : { initStartTime: state.initStartTime }),
    // CRI-O before 1.27 has none.
    ...(before === undefined || "checkpointedTime" in persisted || state.checkpointed !== undefined
      ? { checkpointedTime: timeOf("checkpointed", "checkpointedTime") }
      : {}),
    ...(state.monitor === undefined ? {} : { containerMonitorProcess: state.monitor }),
  };
  const unknown = Object.entries(persisted).filter(([key]) => !knownFields.has(key));
  const text = { ...file, ...Object.fromEntries(unknown) };
  return `${before === undefined ? JSON.stringify(text) : before.stringify(text)}\n`;
}

/** The fields that are written from the state alone. */
const knownFields: ReadonlySet<string> = new Set([
  "ociVersion",
  "id",
  "status",
  "pid",
  "bundle",
  "annotations",
  "created",
  "started",
  "finished",
  "exitCode",
  "oomKilled",
  "seccompKilled",
  "error",
  "initPid",
  "initStartTime",
  "checkpointedTime",
  "containerMonitorProcess",
]);

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** Writes a container's state.json over what stands there. @throws KpodError IO, NOT_PERMITTED */
export function writePersistedState(container: Container, state: ContainerState): void {
  const path = join(container.dir, "state.json");
  writeFileAtomic(path, formatPersistedState(state, persistedJson(path)), 0o644);
}

function persistedJson(path: string): ExactJson | undefined {
  try {
    const text = readTextIfThere(path);
    return text === undefined ? undefined : parseExactJson(path, text);
  } catch (error) {
    // What cannot be read is replaced.
    if (!(error instanceof KpodError) || error.code !== "CORRUPT") throw error;
    return undefined;
  }
}
