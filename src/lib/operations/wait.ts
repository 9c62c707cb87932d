import { existsSync, watch, type FSWatcher } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, KpodError } from "../errors";
import { deadMonitorPid, isLeftByHalf, searchMonitor } from "../oci/conmon/find";
import type { Container } from "../oci/container";
import { readExitFile, type ExitRecord } from "../oci/state/exit-file";
import { unknownExitCode } from "../oci/state/resolved";
import type { ServerView } from "../server-parts";
import { longestTimer, monotonicNow } from "../system/clock";
import { isAlive } from "../system/process";
import { waitUntil } from "../system/wait-until";
import { hasVanished } from "./vanished";

/** Milliseconds between looks at the process itself, for the case that nobody writes its end down. */
const processCheckInterval = 500;

/** Milliseconds that conmon has, once the process is gone, to write the exit file. */
export const exitFileGrace = 1_500;

/** Milliseconds between questions to the runtime, which tells nobody when a container starts or is paused. */
const stateCheckInterval = 200;

/** What ends a wait before its time. */
export interface WaitOptions {
  /** Milliseconds; none for ever. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** True for who has just sent KILL: where conmon is dead nobody else will tell more of the end. */
  killed?: boolean;
}

/** What can be waited for. */
export type WaitCondition = "running" | "paused" | "stopped";

/**
 * Waits until a container has ended (libkpod: ContainerWait). The exit file tells by inotify; a process that
 * ends without one, because its conmon is dead, is noticed too. One that was never started is waited for.
 * One that is still being made is waited for, too.
 * @returns its exit code, 255 when nobody knows it; undefined when the time was up before
 * @throws KpodError INTERRUPTED when the signal ends the wait; BAD_STATE when it is not made to the end
 */
export async function waitForExit(
  server: Pick<ServerView, "config" | "store" | "runtime">,
  container: Container,
  options: WaitOptions = {},
): Promise<number | undefined> {
  const deadline = deadlineOf(options);
  if (container.state === undefined) await server.runtime.updateStatus(container);
  if (!(await isMadeInTime(server, container, { ...options, deadline }))) return undefined;
  const rest =
    deadline === Infinity ? options : { ...options, timeoutMs: Math.max(0, deadline - monotonicNow()) };
  // What is known of the end by then stays known, also when somebody removes the container at once.
  const settled = isSettled(server, container);
  let noticed = settled ? "gone" : await exitNoticed(server, container, rest);
  if (noticed === undefined) return undefined;
  if (noticed === "gone" && !settled && options.killed !== true)
    noticed = (await exitByOther(server, container, options)) ?? "gone";
  const state = await server.runtime.updateStatus(container);
  return noticed === "gone" ? (state.exitCode ?? unknownExitCode) : noticed.exitCode;
}

/** True for one that has ended where no exit file is still to come: a conmon that lives is about to write it. */
function isSettled({ config }: Pick<ServerView, "config">, container: Container): boolean {
  if (container.state?.status !== "stopped") return false;
  const { id, dir } = container;
  const exit = readExitFile({ id, dir, exitsDir: config.containerExitsDir });
  return exit !== undefined || searchMonitor(container) === undefined;
}

function deadlineOf({ timeoutMs }: WaitOptions): number {
  return timeoutMs === undefined ? Infinity : monotonicNow() + timeoutMs;
}

/**
 * Waits while somebody makes the container.
 * @returns false when the time was up before
 * @throws KpodError BAD_STATE when nobody makes it any more, or it was rolled back; INTERRUPTED
 */
async function isMadeInTime(
  server: Pick<ServerView, "store" | "runtime">,
  container: Container,
  options: WaitOptions & { readonly deadline: number },
): Promise<boolean> {
  const { id } = container;
  if (container.state?.status === "creating") await server.runtime.updateStatus(container);
  let waited = false;
  while (container.state?.status === "creating") {
    waited = true;
    if (monotonicNow() >= options.deadline) return false;
    await untilNextLook(container, options);
    await server.runtime.updateStatus(container);
  }
  const status = container.state?.status;
  if (status === "unknown" && isLeftByHalf(container)) {
    throw new KpodError("BAD_STATE", `container ${id} was never made to the end`, {
      hint: "rm -f removes it",
    });
  }
  if (waited && status === "stopped" && hasVanished(server, container)) {
    throw new KpodError("BAD_STATE", `container ${id} was removed before it was made to the end`);
  }
  return true;
}

async function untilNextLook({ id }: Container, { signal }: WaitOptions): Promise<void> {
  await sleep(stateCheckInterval, undefined, signal === undefined ? {} : { signal }).catch(() => {
    throw new KpodError("INTERRUPTED", `interrupted while waiting for container ${id}`);
  });
}

/** @returns how it ended, `gone` when nobody wrote that down, undefined when the time was up before */
async function exitNoticed(
  server: Pick<ServerView, "config" | "runtime">,
  container: Container,
  options: WaitOptions,
): Promise<ExitRecord | "gone" | undefined> {
  const { containerExitsDir: exitsDir } = server.config;
  const { id, dir } = container;
  const gone = processGone(server, container);
  const watchers: FSWatcher[] = [];
  const timers: NodeJS.Timeout[] = [];
  let interrupt: (() => void) | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const look = (): void => {
        const exit = readExitFile({ id, dir, exitsDir });
        if (exit !== undefined) resolve(exit);
        else if (gone()) resolve("gone");
      };
      interrupt = () => {
        reject(new KpodError("INTERRUPTED", `interrupted while waiting for container ${id}`));
      };
      options.signal?.addEventListener("abort", interrupt);
      if (options.signal?.aborted === true) interrupt();
      for (const directory of [exitsDir, dir]) watchers.push(...watchDirectory(directory, look));
      timers.push(setInterval(look, processCheckInterval));
      if (options.timeoutMs !== undefined)
        timers.push(setTimeout(resolve, Math.min(options.timeoutMs, longestTimer), undefined));
      // It may have ended before the watches stood.
      look();
    });
  } finally {
    for (const watcher of watchers) watcher.close();
    for (const timer of timers) clearInterval(timer);
    if (interrupt !== undefined) options.signal?.removeEventListener("abort", interrupt);
  }
}

/**
 * Watches a directory for an exit file. One that is not there (half of a container that is half gone), or for
 * which the kernel has no watch left, is passed over: the look at the process tells, if later.
 */
function watchDirectory(directory: string, look: () => void): FSWatcher[] {
  try {
    const watcher = watch(directory, look);
    watcher.on("error", look);
    return [watcher];
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

/** The end of a container without conmon, of which another kpod that killed it is just about to write. */
async function exitByOther(
  { config }: Pick<ServerView, "config">,
  { id, dir }: Container,
  { signal }: WaitOptions,
): Promise<ExitRecord | undefined> {
  const written = (): ExitRecord | undefined => readExitFile({ id, dir, exitsDir: config.containerExitsDir });
  // Its directory goes when it is removed: nothing is written any more.
  const isOver = (): boolean => written() !== undefined || !existsSync(dir);
  await waitUntil(`the exit file of container ${id}`, isOver, { timeoutMs: exitFileGrace, signal });
  return written();
}

/** Tells whether the first process has been gone for long enough that no exit file will come any more. */
function processGone({ runtime }: Pick<ServerView, "runtime">, container: Container): () => boolean {
  const { state } = container;
  const pid = state?.pid !== undefined && state.pid > 0 ? state.pid : (state?.initPid ?? 0);
  const startTime = pid === state?.initPid ? state.initStartTime : undefined;
  let since: number | undefined;
  return () => {
    const runs = pid === 0 ? state?.status !== "stopped" : isAlive({ pid, startTime });
    if (runs || !runtime.isEndSeen(container)) return false;
    // A conmon that is dead writes none; before CRI-O 1.17 its pid is not known.
    if (deadMonitorPid(container) !== undefined) return true;
    since ??= monotonicNow();
    return monotonicNow() - since > exitFileGrace;
  };
}

/**
 * Waits until a container is in a state.
 * @returns its exit code once it has ended, 0 in any other state; undefined when the time was up before
 * @throws KpodError INTERRUPTED, or BAD_STATE when it has ended and so will never be in that state
 */
export async function waitForCondition(
  server: Pick<ServerView, "config" | "store" | "runtime">,
  container: Container,
  condition: WaitCondition,
  options: WaitOptions = {},
): Promise<number | undefined> {
  if (condition === "stopped") return waitForExit(server, container, options);
  const deadline = deadlineOf(options);
  for (;;) {
    await server.runtime.updateStatus(container);
    if (!(await isMadeInTime(server, container, { ...options, deadline }))) return undefined;
    const status = container.state?.status;
    if (status === condition) return 0;
    if (status === "stopped") {
      throw new KpodError("BAD_STATE", `container ${container.id} has ended and will not be ${condition}`);
    }
    if (monotonicNow() >= deadline) return undefined;
    await untilNextLook(container, options);
  }
}
