/*
 * What a runtime says of its containers when it is called. Its own files say the same, see `runtime-files.ts`.
 */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { isRecord } from "../../system/files";
import { KpodError } from "../../errors";
import type { callRuntime as CallRuntime, RuntimeCallOptions } from "../runtime/call";
import type { RuntimeHandler } from "../runtime/handler";
import { readStatus, type ContainerStatus } from "./container-state";
import { readTime, textMap } from "../../system/go-json";

/** Where runtimes keep their state when nobody tells them. */
const ownRoots: ReadonlyMap<string, string> = new Map([
  ["runc", "/run/runc"],
  ["crun", "/run/crun"],
]);

/** How often a runtime is asked for its list while containers vanish. */
const listAttempts = 5;

/** What a runtime says of one container. */
export interface RuntimeState {
  id: string;
  status: ContainerStatus;
  /** 0 when it has no process. */
  pid: number;
  bundle: string;
  ociVersion: string;
  annotations: Record<string, string>;
  created: Date | undefined;
}

/**
 * Asks a runtime once for all its containers.
 * @returns the containers by id
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function listRuntimeStates(
  handler: RuntimeHandler,
  options: RuntimeCallOptions = {},
): Promise<Map<string, RuntimeState>> {
  if (hasNoState(handler)) return new Map();
  const list = parseAnswer(handler, "list", await callForList(handler, options));
  if (list === null) return new Map();
  if (!Array.isArray(list)) throw badAnswer(handler, "list");
  return new Map(list.filter(isRecord).map((entry) => [String(entry.id), readRuntimeState(entry)]));
}

async function callRuntime(...request: Parameters<typeof CallRuntime>): Promise<string> {
  const { callRuntime: call } = await import("../runtime/call");
  return call(...request);
}

/** runc fails on a container that somebody deletes while it lists: the next time it is not there any more. */
async function callForList(handler: RuntimeHandler, options: RuntimeCallOptions): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await callRuntime(handler, ["list", "--format", "json"], options);
    } catch (error) {
      if (attempt === listAttempts || !saysNotThere(error)) throw error;
    }
  }
}

/** True where a runtime missed a container. runc: "container does not exist"; crun: "… No such file or directory". */
function saysNotThere(error: unknown): boolean {
  return (
    error instanceof KpodError &&
    error.code === "RUNTIME_FAILED" &&
    /does not exist|no such file or directory/i.test(error.message)
  );
}

/**
 * Asks a runtime for one container; undefined when it has no such container.
 * @throws KpodError RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export async function queryRuntimeState(
  handler: RuntimeHandler,
  id: string,
  options: RuntimeCallOptions = {},
): Promise<RuntimeState | undefined> {
  if (hasNoState(handler)) return undefined;
  try {
    const answer = parseAnswer(handler, "state", await callRuntime(handler, ["state", id], options));
    if (!isRecord(answer)) throw badAnswer(handler, "state");
    return readRuntimeState(answer);
  } catch (error) {
    if (saysNotThere(error)) return undefined;
    throw error;
  }
}

/** True while the runtime keeps no container. Asked all the same, it would make its directory: a look makes none. */
export function hasNoState({ root, path }: RuntimeHandler): boolean {
  const directory = root === "" ? ownRoots.get(basename(path)) : root;
  return directory !== undefined && !existsSync(directory);
}

function readRuntimeState(entry: Record<string, unknown>): RuntimeState {
  const text = (key: string): string => (typeof entry[key] === "string" ? entry[key] : "");
  return {
    id: text("id"),
    status: readStatus(entry.status),
    pid: typeof entry.pid === "number" ? entry.pid : 0,
    bundle: text("bundle"),
    ociVersion: text("ociVersion"),
    annotations: textMap(entry.annotations),
    created: readTime(entry.created),
  };
}

function parseAnswer(handler: RuntimeHandler, command: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badAnswer(handler, command, error);
  }
}

function badAnswer(handler: RuntimeHandler, command: string, cause?: unknown): KpodError {
  return new KpodError("RUNTIME_FAILED", `${handler.path} ${command} gave no answer that can be read`, {
    cause,
  });
}
