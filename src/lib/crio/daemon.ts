import { existsSync, realpathSync, statSync } from "node:fs";
import type { Config } from "../config";
import { errnoOf } from "../errors";
import { isRecord } from "../system/files";
import { processIds, processStarted, readCommandName, readProcessStat } from "../system/process";

/** Milliseconds within which a CRI-O that is well answers. */
const patience = 1_000;

/** More than it ever says of itself. */
const longestAnswer = 1 << 20;

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
  const root = answer === "silent" ? undefined : storageRootIn(answer.text);
  return root === undefined || realPathOf(root) === realPathOf(config.root);
}

/** What a daemon said: an answer; `silent` where it took the connection and none came in time; else `nobody`. */
export type DaemonAnswer = { readonly status: number; readonly text: string } | "silent" | "nobody";

/**
 * Sends a GET of a path to the socket of CRI-O, as `crictl info` and older kpod do.
 * @param longest bytes of an answer that is taken for one
 */
export async function askDaemon(
  socketPath: string,
  path: string,
  patienceMs = patience,
  longest = longestAnswer,
): Promise<DaemonAnswer> {
  // Where none was ever started, nothing is loaded.
  if (!existsSync(socketPath)) return "nobody";
  const { request } = await import("node:http");
  return new Promise((resolve) => {
    let connected = false;
    let text = "";
    const done = (answer: DaemonAnswer): void => {
      clearTimeout(timer);
      call.destroy();
      resolve(answer);
    };
    const call = request({ socketPath, path, agent: false, headers: { host: "crio" } }, (response) => {
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > longest) done("silent");
      });
      response.on("end", () => {
        done({ status: response.statusCode ?? 0, text });
      });
      response.on("error", () => {
        done("silent");
      });
    });
    const timer = setTimeout(() => {
      done(connected ? "silent" : "nobody");
    }, patienceMs);
    call.on("socket", (socket) => {
      socket.once("connect", () => {
        connected = true;
      });
    });
    call.on("error", (error) => {
      // Its queue is full: it lives, and is busy.
      done(connected || errnoOf(error) === "EAGAIN" ? "silent" : "nobody");
    });
    call.end();
  });
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
