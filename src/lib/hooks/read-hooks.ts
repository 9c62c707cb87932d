import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { HookParams } from "../config";
import { describeErrno, isNotFound, KpodError } from "../errors";
import type { Logger } from "../logger";
import { isExecutable } from "../system/executable";
import type { HookStage } from "../oci/spec";
import { fileLimits, isRecord, parseJson, readTextIfThere } from "../system/files";

const stages: readonly HookStage[] = ["prestart", "poststart", "poststop"];

/**
 * Reads the hooks of directories, in the form of CRI-O 1.0 (`hook`, `stage`, `cmd`, `annotation`,
 * `hasbindmounts`). A file of a later directory replaces one of the same name; apart from that a program can
 * be the hook of one file only. Files of the newer form (`version`) are passed over with a warning. A
 * directory that is not there has none.
 * @param directories the usual one first, overrides after it
 * @returns the hooks by the name of their file
 * @throws KpodError BAD_CONFIG that names the file
 */
export function readHooks(directories: readonly string[], logger: Logger): Record<string, HookParams> {
  const hooks = new Map<string, { path: string; params: HookParams }>();
  for (const directory of directories) {
    for (const name of hookFiles(directory)) {
      const path = join(directory, name);
      const params = readHook(path, logger);
      if (params === undefined) continue;
      const other = [...hooks].find(([key, entry]) => key !== name && entry.params.hook === params.hook);
      if (other !== undefined) {
        throw bad(path, `duplicate path, hook ${params.hook} is already defined in ${other[1].path}`);
      }
      hooks.set(name, { path, params });
    }
  }
  return Object.fromEntries([...hooks].map(([name, { params }]) => [name, params]));
}

function hookFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(".json"))
      .sort();
  } catch (error) {
    if (isNotFound(error)) return [];
    throw new KpodError("BAD_CONFIG", `cannot read the hooks of ${directory}: ${describeErrno(error)}`, {
      cause: error,
    });
  }
}

function readHook(path: string, logger: Logger): HookParams | undefined {
  let value: unknown;
  try {
    const text = readTextIfThere(path, fileLimits.config);
    if (text === undefined) return undefined;
    value = parseJson(path, text);
  } catch (error) {
    if (!(error instanceof KpodError) || error.code !== "CORRUPT") throw error;
    throw new KpodError("BAD_CONFIG", error.message, { cause: error });
  }
  if (!isRecord(value)) throw bad(path, "it does not hold an object");
  if ("version" in value) {
    logger.warn(`${path} is a hook of a newer form, which kpod does not apply`);
    return undefined;
  }
  const { hook } = value;
  if (typeof hook !== "string" || !hook.startsWith("/"))
    throw bad(path, '"hook" must be the absolute path of a program');
  if (!isExecutable(hook)) throw bad(path, `the hook ${hook} is not there or cannot be executed`);
  const wanted = texts(path, value, "stage");
  if (wanted.length === 0) throw bad(path, '"stage" names no stage');
  const unknown = wanted.find((stage) => !stages.some((known) => known === stage));
  if (unknown !== undefined)
    throw bad(path, `unknown stage "${unknown}", the stages are ${stages.join(", ")}`);
  const hasBindMounts = value.hasbindmounts ?? false;
  if (typeof hasBindMounts !== "boolean") throw bad(path, '"hasbindmounts" must be true or false');
  return {
    hook,
    stage: wanted,
    cmds: patterns(path, value, "cmd"),
    annotations: patterns(path, value, "annotation"),
    hasBindMounts,
  };
}

function patterns(path: string, value: Record<string, unknown>, key: string): string[] {
  return texts(path, value, key).map((pattern) => {
    try {
      new RegExp(pattern);
      return pattern;
    } catch (error) {
      throw bad(path, `"${key}" holds ${JSON.stringify(pattern)}, which is no regular expression`, error);
    }
  });
}

function texts(path: string, value: Record<string, unknown>, key: string): string[] {
  const list = value[key] ?? [];
  if (Array.isArray(list) && list.every((item) => typeof item === "string")) return list;
  throw bad(path, `"${key}" must be a list of texts`);
}

function bad(path: string, cause: string, error?: unknown): KpodError {
  return new KpodError("BAD_CONFIG", `hook file ${path}: ${cause}`, {
    hint: "correct the file or move it away",
    cause: error,
  });
}
