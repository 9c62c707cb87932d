import { fileError, isNotFound } from "../../errors";
import type { ExactJson } from "../../system/exact-json";
import { readTextIfThere, isRecord, parseJson } from "../../system/files";
import { readIntoScratch, scratch } from "../../system/scratch";

/**
 * What a container can be. `creating`: somebody is just making it. `unknown`: its runtime could not be asked, or whoever
 * made it never came to the end.
 */
export type ContainerStatus = "creating" | "created" | "running" | "paused" | "stopped" | "unknown";

/** The state of a container (libkpod: ContainerState, with the fields that later CRI-O adds). */
export interface ContainerState {
  ociVersion: string;
  id: string;
  status: ContainerStatus;
  /** Pid of the container's first process on the host; 0 when there is none. */
  pid: number;
  bundle: string;
  annotations: Record<string, string>;
  created?: Date;
  started?: Date;
  finished?: Date;
  /** Undefined until the container has ended. */
  exitCode?: number;
  oomKilled: boolean;
  error: string;
  /** With its start time (field 22 of /proc/PID/stat) the pid is known for sure. */
  initPid?: number;
  initStartTime?: string;
  /** The process that watches the container: conmon. */
  monitor?: { pid: number; startTime: string };
}

/** Go's zero time, which CRI-O writes for "not yet". */
export const zeroTime = "0001-01-01T00:00:00Z";

/**
 * Reads the state.json of CRI-O; undefined when there is none yet.
 * @throws KpodError CORRUPT when it is not JSON
 */
export function readStateFile(path: string): ContainerState | undefined {
  const text = readTextIfThere(path);
  return text === undefined ? undefined : parseState(path, text);
}

/** The state that the text of a state.json holds; undefined when it is empty. */
export function parseState(path: string, text: string): ContainerState | undefined {
  if (text.trim() === "") return undefined;
  const value = parseJson(path, text);
  return isRecord(value) ? stateOf(value) : undefined;
}

/** A state as its state.json has it. */
export interface NotedState {
  readonly state: ContainerState;
  /** False where there are no annotations in it. To ask the state itself may mean to read them. */
  readonly annotated: boolean;
}

/**
 * Reads a state.json as {@link readStateFile} does, but for its annotations, which make up nearly all of it: they are
 * read when somebody asks for them.
 * @throws KpodError CORRUPT when it is not JSON; NOT_PERMITTED, IO
 */
export function readNotedState(path: string): NotedState | undefined {
  let length: number;
  try {
    length = readIntoScratch(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw fileError(`cannot read ${path}`, error);
  }
  const start = scratch.indexOf(',"annotations":{"');
  // Quotes within texts are escaped in JSON: no annotation can look like this.
  const end = scratch.lastIndexOf('},"created":"', length - 1);
  if (length === scratch.length || start < 0 || end < start) {
    const state = readStateFile(path);
    return state && { state, annotated: Object.keys(state.annotations).length > 0 };
  }
  const value = parseJson(
    path,
    scratch.toString("utf8", 0, start) + scratch.toString("utf8", end + 1, length),
  );
  if (!isRecord(value)) return undefined;
  return { state: filled(new NotedStateOfFile(path, value), value), annotated: true };
}

/** A state whose annotations are read when they are asked for. To copy it by `{ ...state }` would leave them out. */
class NotedStateOfFile implements ContainerState {
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
    this.#annotations ??= readStateFile(this.#path)?.annotations ?? {};
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
  const noted = numberOf(value.exitCode) ?? (early && value.status === "stopped" ? 0 : -1);
  // -1 stands for one that nobody knows.
  if (noted >= 0) state.exitCode = noted;
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
export function formatStateFile(state: ContainerState, before?: ExactJson): string {
  const noted = before !== undefined && isRecord(before.value) ? before.value : {};
  const timeOf = (key: "created" | "started" | "finished"): unknown => {
    const time = state[key];
    if (time === undefined) return zeroTime;
    return readTime(noted[key])?.getTime() === time.getTime() ? noted[key] : time.toISOString();
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
    ...("seccompKilled" in noted ? { seccompKilled: noted.seccompKilled } : {}),
    ...(state.error === "" ? {} : { error: state.error }),
    ...(state.initPid === undefined ? {} : { initPid: state.initPid }),
    ...(state.initStartTime === undefined ? {} : { initStartTime: state.initStartTime }),
    // CRI-O before 1.27 has none.
    ...(before === undefined || "checkpointedTime" in noted
      ? { checkpointedTime: noted.checkpointedTime ?? zeroTime }
      : {}),
    ...(state.monitor === undefined ? {} : { containerMonitorProcess: state.monitor }),
  };
  const unknown = Object.entries(noted).filter(([key]) => !knownFields.has(key));
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

/** A time of Go's JSON; undefined for the zero time and for what is no time. */
export function readTime(value: unknown): Date | undefined {
  if (typeof value !== "string" || value === zeroTime || value === "") return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** The status a runtime or a state.json names; `unknown` for every other word. */
export function readStatus(value: unknown): ContainerStatus {
  switch (value) {
    // The word of the OCI for "not created to the end", which crun says.
    case "creating":
    case "created":
    case "running":
    case "paused":
    case "stopped":
      return value;
    default:
      return "unknown";
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The entries of a JSON object whose values are texts; none for anything else. */
export function textMap(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  if (isTextMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function isTextMap(value: Record<string, unknown>): value is Record<string, string> {
  for (const key in value) if (typeof value[key] !== "string") return false;
  return true;
}
