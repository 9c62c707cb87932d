import { existsSync, realpathSync, statSync } from "node:fs";
import type { Config } from "../config";
import { isRecord } from "../system/files";
import { httpGet, longestAnswer, type HttpAnswer } from "../system/http-get";
import { processIds, processStarted, readCommandName, readProcessStat } from "../system/process";

/** Milliseconds within which a CRI-O that is well answers. */
const patience = 1_000;

/** The kernel's clock for files and processes is this much coarser than that of programs, in milliseconds. */
const coarseness = 50;

/**
 * True where a CRI-O runs that works on this store: its socket takes a connection, and it does not say that its store is
 * another one. One that is too busy to say anything within a second runs as well.
 */
export async function crioAnswers(
  config: Pick<Config, "listen" | "root">,
  patienceMs = patience,
): Promise<boolean> {
  if (!config.listen.startsWith("/")) return false;
  const answer = await askDaemon(config.listen, "/info", patienceMs);
  if (answer === "nobody") return false;
  return answer === "silent" || isOfStore(answer.text, config);
}

/** False where what CRI-O says of itself (`/info`) names another store than that of the configuration. */
export function isOfStore(info: string, config: Pick<Config, "root">): boolean {
  const root = storageRootIn(info);
  return root === undefined || realPathOf(root) === realPathOf(config.root);
}

/** Sends a GET of a path to the socket of CRI-O, as `crictl info` and older kpod do. */
export async function askDaemon(
  socketPath: string,
  path: string,
  patienceMs = patience,
  longest = longestAnswer,
): Promise<HttpAnswer> {
  // Where none was ever started, nothing is loaded.
  return existsSync(socketPath) ? httpGet({ socketPath }, path, patienceMs, longest) : "nobody";
}

function storageRootIn(answer: string): string | undefined {
  let info: unknown;
  try {
    info = JSON.parse(answer);
  } catch {
    return undefined;
  }
  const root = isRecord(info) ? info.storage_root : undefined;
  return typeof root === "string" && root !== "" ? root : undefined;
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * True where CRI-O was started since then, as the file says in which it leaves its version, or its process.
 * @param since milliseconds since 1970
 * @param command the name of its process
 */
export function crioStartedSince(
  { versionFile }: Pick<Config, "versionFile">,
  since: number,
  command = "crio",
): boolean {
  const written = versionFile === "" ? undefined : statSync(versionFile, { throwIfNoEntry: false })?.mtimeMs;
  if (written !== undefined && written >= since - coarseness) return true;
  return processIds()
    .filter((pid) => readCommandName(pid) === command)
    .some((pid) => {
      const stat = readProcessStat(pid);
      return stat !== undefined && processStarted(stat) >= since - coarseness;
    });
}
