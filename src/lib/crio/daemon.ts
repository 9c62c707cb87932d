import { realpathSync } from "node:fs";
import { request } from "node:http";
import type { Config } from "../config";
import { errnoOf } from "../errors";
import { isRecord } from "../system/files";

/** Milliseconds within which a CRI-O that is well answers. */
const patience = 1_000;

/** More than it ever says of itself. */
const longestAnswer = 1 << 20;

/**
 * True where a CRI-O runs that works on this store: its socket takes a connection, and it does not say that its store is
 * another one. One that is too busy to say anything within a second runs as well.
 */
export async function crioAnswers(
  config: Pick<Config, "listen" | "root">,
  patienceMs = patience,
): Promise<boolean> {
  if (!config.listen.startsWith("/")) return false;
  const said = await ask(config.listen, patienceMs);
  if (said === "nobody") return false;
  const root = storageRootIn(said);
  return root === undefined || placeOf(root) === placeOf(config.root);
}

/** Sends GET /info, as `crictl info` and older kpod do. @returns the answer, "" where none came in time */
function ask(socketPath: string, patienceMs: number): Promise<string> {
  return new Promise((resolve) => {
    let connected = false;
    let answer = "";
    const done = (said: string): void => {
      clearTimeout(timer);
      call.destroy();
      resolve(said);
    };
    const call = request(
      { socketPath, path: "/info", agent: false, headers: { host: "crio" } },
      (response) => {
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          answer += chunk;
          if (answer.length > longestAnswer) done("");
        });
        response.on("end", () => {
          done(answer);
        });
        response.on("error", () => {
          done("");
        });
      },
    );
    const timer = setTimeout(() => {
      done(connected ? "" : "nobody");
    }, patienceMs);
    call.on("socket", (socket) => {
      socket.once("connect", () => {
        connected = true;
      });
    });
    call.on("error", (error) => {
      // Its queue is full: it lives, and is busy.
      done(connected || errnoOf(error) === "EAGAIN" ? "" : "nobody");
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

function placeOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
