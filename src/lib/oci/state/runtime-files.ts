/*
 * What a runtime would say of a container, read from its own files: of runc and crun, which the tests compare with what
 * these say themselves.
 */
import { closeSync, existsSync, readSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, KpodError, ifThere } from "../../errors";
import { fileLimits, isRecord, openRegularFile, readRegularText } from "../../system/files";
import { readTime, textMap } from "../../system/go-json";
import { isLiving, readProcessStat, type ProcessStat } from "../../system/process";
import { knownProcess, type ProcessIdentity } from "../../system/process-identity";
import { readIntoScratch, scratch } from "../../system/scratch";
import type { ContainerStatus } from "./container-state";
import { canBeFrozen, freezerV1, hasFreezerV1, isFrozenV1, isFrozenV2, readKernelFile } from "./frozen";
import type { RuntimeState } from "./runtime";

/** The runtimes whose files kpod can read. */
export type KnownRuntime = "runc" | "crun";

/**
 * The state of a container as its runtime would tell it, put together from the runtime's own files in the same
 * way: its first process by pid and start time, the FIFO that it waits at until it is started, the freezer of
 * its cgroup. It costs a hundredth of a call.
 * @param directory of the container, in the runtime's root
 * @returns undefined when the files are gone or not of the known form: then the runtime has to be asked
 * @throws KpodError CORRUPT when one of them is no regular file
 */
export function readRuntimeFiles(
  runtime: KnownRuntime,
  directory: string,
  id: string,
): RuntimeState | undefined {
  try {
    return runtime === "crun" ? readCrun(directory, id) : readRunc(directory, id);
  } catch (error) {
    // What is no regular file would keep the runtime waiting as well.
    if (error instanceof KpodError) throw error;
    // Whatever keeps us from reading them may not keep the runtime, and it says what is wrong.
    if (errnoOf(error) !== undefined || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The first process of a container, as its runtime persisted it; undefined when that cannot be read. */
export function readRuntimeProcess(runtime: KnownRuntime, directory: string): ProcessIdentity | undefined {
  try {
    if (runtime === "runc") {
      const head = runcHead(
        scratch.toString("latin1", 0, readIntoScratch(`${directory}/state.json`, headSize)),
      );
      return knownProcess(head?.pid, head?.startTime);
    }
    const value: unknown = JSON.parse(readRegularText(`${directory}/status`, fileLimits.spec));
    if (!isRecord(value)) return undefined;
    const { pid, "process-start-time": startTime } = value;
    return typeof pid === "number" ? knownProcess(pid, String(startTime)) : undefined;
  } catch (error) {
    if (error instanceof KpodError || error instanceof SyntaxError || errnoOf(error) !== undefined)
      return undefined;
    throw error;
  }
}

type RuntimeDetails = Pick<RuntimeState, "bundle" | "ociVersion" | "annotations">;

/** A state whose longer parts are read when somebody asks for them. */
class FileState implements RuntimeState {
  readonly id: string;
  readonly status: ContainerStatus;
  readonly pid: number;
  readonly created: Date | undefined;
  private details: RuntimeDetails | undefined;

  constructor(
    { id, status, pid, created }: Pick<RuntimeState, "id" | "status" | "pid" | "created">,
    private readonly readDetails: () => RuntimeDetails,
  ) {
    this.id = id;
    this.status = status;
    this.pid = status === "stopped" ? 0 : pid;
    this.created = created;
  }

  get bundle(): string {
    return this.known.bundle;
  }

  get ociVersion(): string {
    return this.known.ociVersion;
  }

  get annotations(): Record<string, string> {
    return this.known.annotations;
  }

  private get known(): RuntimeDetails {
    this.details ??= this.readIfThere();
    return this.details;
  }

  private readIfThere(): RuntimeDetails {
    // It was removed in this moment.
    return ifThere(() => this.readDetails()) ?? { bundle: "", ociVersion: "", annotations: {} };
  }
}

/** What the state.json of runc says first, since its first versions. */
interface RuncHead {
  readonly id: string;
  readonly pid: number;
  readonly startTime: string;
  readonly created: string;
}

/** Reads `{"id":"…","init_process_pid":1,"init_process_start":2,"created":"…",`; undefined for any other form. */
function runcHead(text: string): RuncHead | undefined {
  const fields = ['{"id":"', '","init_process_pid":', ',"init_process_start":', ',"created":"', '",'];
  const values: string[] = [];
  let at = 0;
  for (const [index, field] of fields.entries()) {
    const found = index === 0 ? (text.startsWith(field) ? 0 : -1) : text.indexOf(field, at);
    if (found < 0) return undefined;
    if (index > 0) values.push(text.slice(at, found));
    at = found + field.length;
  }
  const [id = "", pid = "", startTime = "", created = ""] = values;
  // Digits alone, as the runtime writes them; quotes would be those of other fields.
  if (String(Number(pid)) !== pid || id.includes('"') || created.includes('"')) return undefined;
  return { id, pid: Number(pid), startTime, created };
}

/** Where its cgroups stand, near the end. Quotes within texts are escaped in JSON: no text can look like this. */
const runcCgroups = /,"cgroup_paths":(\{[^{}]*\}),/;

function readRunc(directory: string, id: string): RuntimeState | undefined {
  const path = `${directory}/state.json`;
  const head = scratch.toString("latin1", 0, readIntoScratch(path, headSize));
  const found = runcHead(head);
  if (found?.id !== id) return undefined;
  const { pid } = found;
  const process = livingProcess(pid, found.startTime);
  const status = process === undefined ? "stopped" : livingStatus(path, directory, process);
  if (status === undefined) return undefined;
  return new FileState({ id, status, pid, created: readTime(found.created) }, () => runcDetails(path));
}

/** Enough of a state.json of 40 KB for what is wanted of it. */
const headSize = 512;
const tailSize = 16 * 1024;

/** The end of a file; others than ASCII characters are not kept. */
function readTail(path: string): string {
  const { fd, stat } = openRegularFile(path);
  try {
    const start = Math.max(0, stat.size - tailSize);
    return scratch.toString("latin1", 0, readSync(fd, scratch, 0, tailSize, start));
  } finally {
    closeSync(fd);
  }
}

/** runc tells first whether the cgroup is frozen, also of a container that has not been started. */
function livingStatus(path: string, directory: string, process: ProcessStat): ContainerStatus | undefined {
  const frozen = canBeFrozen(process) || !hasFreezerV1() ? isFrozenByRunc(path, process) : false;
  if (frozen === undefined) return undefined;
  if (frozen) return "paused";
  return existsSync(`${directory}/exec.fifo`) ? "created" : "running";
}

function isFrozenByRunc(path: string, process: ProcessStat): boolean | undefined {
  const cgroups: unknown = JSON.parse(runcCgroups.exec(readTail(path))?.[1] ?? "null");
  if (!isRecord(cgroups)) return undefined;
  // On cgroup v1 the freezer has a hierarchy of its own; with v2 alone there is one path for everything.
  const { freezer, "": unified } = textMap(cgroups);
  return freezer === undefined
    ? unified !== undefined && isFrozenV2(unified)
    : isFrozenV1(freezer, process, () => readKernelFile(`${freezer}/freezer.self_freezing`) !== "0");
}

/** The annotations, and the bundle, stand as `key=value` in a list of labels. */
function runcDetails(path: string): RuntimeDetails {
  const state: unknown = JSON.parse(readRegularText(path, fileLimits.spec));
  const config = isRecord(state) && isRecord(state.config) ? state.config : {};
  const pairs = (Array.isArray(config.labels) ? config.labels : []).flatMap((label: unknown) => {
    if (typeof label !== "string") return [];
    const cut = label.indexOf("=");
    return [[label.slice(0, cut), label.slice(cut + 1)] as const];
  });
  const { bundle = "", ...annotations } = Object.fromEntries(pairs);
  return { bundle, annotations, ociVersion: typeof config.version === "string" ? config.version : "" };
}

function readCrun(directory: string, id: string): RuntimeState | undefined {
  const value: unknown = JSON.parse(readRegularText(`${directory}/status`, fileLimits.spec));
  if (!isRecord(value)) return undefined;
  const { pid, "process-start-time": startTime, "cgroup-path": cgroup, bundle, created } = value;
  if (typeof pid !== "number" || typeof startTime !== "number" || typeof bundle !== "string")
    return undefined;
  if (typeof cgroup !== "string") return undefined;
  const status = crunStatus(directory, { pid, startTime: String(startTime) }, cgroup);
  if (status === undefined) return undefined;
  return new FileState({ id, status, pid, created: readTime(created) }, () => {
    const config: unknown = JSON.parse(readRegularText(join(directory, "config.json"), fileLimits.spec));
    const annotations = isRecord(config) ? textMap(config.annotations) : {};
    // crun says 1.0.0 of every container.
    return { bundle, annotations, ociVersion: "1.0.0" };
  });
}

/** crun looks at the freezer only when the container has been started, and not at who froze it. */
function crunStatus(
  directory: string,
  { pid, startTime }: { pid: number; startTime: string },
  cgroup: string,
): ContainerStatus | undefined {
  const process = livingProcess(pid, startTime);
  if (process === undefined) return "stopped";
  if (existsSync(`${directory}/exec.fifo`)) return "created";
  const frozen = hasFreezerV1()
    ? isFrozenV1(join(freezerV1, cgroup), process)
    : isFrozenV2(join("/sys/fs/cgroup", cgroup));
  if (frozen === undefined) return undefined;
  return frozen ? "paused" : "running";
}

function livingProcess(pid: number, startTime: string): ProcessStat | undefined {
  const stat = pid > 0 ? readProcessStat(pid) : undefined;
  return stat !== undefined && isLiving(stat, startTime) ? stat : undefined;
}
