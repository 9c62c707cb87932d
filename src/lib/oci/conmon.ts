import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { errorMessage, KpodError } from "../errors";
import { isRecord } from "../system/files";
import { runtimeOptions, runtimeMessage } from "./runtime-call";
import type { RuntimeHandler } from "./runtime-handler";

/** What conmon needs to make a container and to watch it. */
export interface ConmonRequest {
  /** Path of conmon. */
  conmon: string;
  handler: RuntimeHandler;
  id: string;
  name: string;
  bundlePath: string;
  /** The container's directory that lives through a reboot: conmon writes `exit` and `oom` there too. */
  persistDir: string;
  exitsDir: string;
  attachSocketDir: string;
  logPath: string;
  /** Bytes after which conmon starts the log anew; negative for never. */
  logSizeMax: number;
  noPivot: boolean;
  systemdCgroup: boolean;
  terminal: boolean;
  stdin: boolean;
  /** `NAME=value` for conmon and the runtime below it. */
  env: readonly string[];
  /** Called with conmon's pid before it makes the container: the time to move it into its own cgroup. */
  onStarted?: (pid: number) => void;
  /** Milliseconds that making the container may take. */
  timeLimitMs: number;
  /** Ends the wait for it. */
  signal?: AbortSignal | undefined;
}

/**
 * Makes a container through conmon: conmon calls the runtime's `create`, stays as the container's parent,
 * writes its log and, when it ends, its exit file. conmon itself goes into the background.
 *
 * Two pipes tie the beginning together: conmon waits on the start pipe until it may go on, and writes to the
 * sync pipe the pid of the container's first process, or -1 and what the runtime said.
 * @returns the pid of the container's first process, which waits to be started
 * @throws KpodError CONMON_FAILED, RUNTIME_FAILED with the runtime's words, RUNTIME_TIMEOUT, INTERRUPTED
 */
export async function createWithConmon(request: ConmonRequest): Promise<number> {
  const { spawn } = await import("node:child_process");
  const child = spawn(request.conmon, conmonArguments(request), {
    env: { ...environment(request.env), _OCI_SYNCPIPE: "3", _OCI_STARTPIPE: "4" },
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    cwd: request.bundlePath,
  });
  const [, , stderr, syncPipe, startPipe] = child.stdio as unknown as [null, null, Duplex, Duplex, Duplex];
  const complaints: Buffer[] = [];
  stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
  let interrupt: (() => void) | undefined;
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (error) => {
      reject(new KpodError("CONMON_FAILED", `cannot start ${request.conmon}: ${errorMessage(error)}`));
    });
    interrupt = () => {
      reject(new KpodError("INTERRUPTED", `interrupted while ${request.name} was created`));
    };
    request.signal?.addEventListener("abort", interrupt);
  });
  // Whoever loses the race below must not end the program as an unhandled rejection.
  failed.catch(() => {});
  // conmon may die before it reads its start pipe; the sync pipe tells.
  startPipe.on("error", () => {});
  try {
    const answer = readLine(syncPipe, request.timeLimitMs);
    if (child.pid !== undefined) request.onStarted?.(child.pid);
    startPipe.end(Buffer.from([0]));
    const line = await Promise.race([answer, failed]);
    if (line === undefined) throw timedOut(request);
    return readAnswer(line, request, Buffer.concat(complaints).toString("utf8"));
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    if (interrupt !== undefined) request.signal?.removeEventListener("abort", interrupt);
    for (const stream of [stderr, syncPipe, startPipe]) stream.destroy();
  }
}

function conmonArguments(request: ConmonRequest): string[] {
  const { handler, bundlePath } = request;
  return [
    ...["-b", bundlePath, "-c", request.id, "--exit-dir", request.exitsDir, "-l", request.logPath],
    ...["--log-level", "info", "-n", request.name, "-P", join(bundlePath, "conmon-pidfile")],
    ...["-p", join(bundlePath, "pidfile"), "--persist-dir", request.persistDir, "-r", handler.path],
    ...runtimeOptions(handler, false).flatMap((option, index, all) =>
      option === "--root" ? ["--runtime-arg", `--root=${all[index + 1] ?? ""}`] : [],
    ),
    ...["--socket-dir-path", request.attachSocketDir, "-u", request.id],
    ...(request.systemdCgroup ? ["-s"] : []),
    ...(request.terminal ? ["-t"] : request.stdin ? ["-i"] : []),
    ...(request.noPivot ? ["--no-pivot"] : []),
    ...(request.logSizeMax >= 0 ? ["--log-size-max", String(request.logSizeMax)] : []),
  ];
}

function environment(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const [name = "", ...value] = entry.split("=");
      return [name, value.join("=")];
    }),
  );
}

/** The first line of a pipe, "" when it ends without one; undefined when the time is up. */
function readLine(pipe: Duplex, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => {
      resolve(undefined);
    }, timeoutMs);
    const finish = (line: string): void => {
      clearTimeout(timer);
      resolve(line);
    };
    pipe.setEncoding("utf8");
    pipe.on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) finish(text.slice(0, text.indexOf("\n")));
    });
    pipe.once("end", () => {
      finish(text);
    });
    // Given up by whoever reads it.
    pipe.once("close", () => {
      clearTimeout(timer);
    });
    pipe.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function readAnswer(line: string, request: ConmonRequest, complaints: string): number {
  let answer: unknown;
  try {
    answer = line === "" ? undefined : JSON.parse(line);
  } catch (error) {
    throw new KpodError("CONMON_FAILED", `conmon gave an answer that cannot be read: ${line}`, {
      cause: error,
    });
  }
  if (!isRecord(answer)) {
    const said = runtimeMessage(complaints);
    throw new KpodError(
      "CONMON_FAILED",
      `conmon ended before it had made the container${said === "" ? "" : `: ${said}`}`,
    );
  }
  // Newer conmon calls the number "data".
  const pid = answer.pid ?? answer.data;
  if (typeof pid === "number" && pid > 0) return pid;
  const said = typeof answer.message === "string" ? answer.message : complaints;
  const message = runtimeMessage(said);
  throw new KpodError(
    "RUNTIME_FAILED",
    `${request.handler.path} could not create the container: ${message === "" ? "it did not say why" : message}`,
  );
}

function timedOut(request: ConmonRequest): KpodError {
  return new KpodError(
    "RUNTIME_TIMEOUT",
    `${request.handler.path} did not create the container within ${request.timeLimitMs / 1000} s`,
  );
}

/** The pid of a container's conmon as it noted it itself; undefined when it did not. */
export function readConmonPid(bundlePath: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(bundlePath, "conmon-pidfile"), "utf8"));
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    // CRI-O before 1.17 did not ask conmon for it.
    return undefined;
  }
}
