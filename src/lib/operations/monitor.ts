import { setTimeout as sleep } from "node:timers/promises";
import { readConmonPid } from "../oci/conmon";
import type { Container } from "../oci/container";
import { isProcessAlive, killProcess, readCommandLine, readProcessStat } from "../system/process";
import { monotonicNow } from "../system/clock";

/** Milliseconds that conmon has to write down the end of its container before it is ended itself. */
const conmonTimeLimit = 5_000;

/** The conmon of a container, known for sure by its start time. */
export interface Monitor {
  pid: number;
  startTime: string;
}

/** The conmon of a container, if the process of its pid file is still a conmon of this very container. */
export function monitorOf(container: Container): Monitor | undefined {
  const pid = readConmonPid(container.bundlePath);
  const startTime = pid === undefined ? undefined : readProcessStat(pid)?.startTime;
  if (pid === undefined || startTime === undefined) return undefined;
  return readCommandLine(pid)?.includes(container.id) === true ? { pid, startTime } : undefined;
}

/**
 * Waits until conmon has ended, as it does soon after its container, and ends it when it does not.
 * @param patienceMs how long it has to end by itself
 */
export async function endMonitor(
  { pid, startTime }: Monitor,
  patienceMs: number = conmonTimeLimit,
): Promise<void> {
  const deadline = monotonicNow() + patienceMs;
  let killed = false;
  while (isProcessAlive(pid, startTime)) {
    if (!killed && monotonicNow() > deadline) {
      killed = true;
      killProcess(pid);
    }
    await sleep(10);
  }
}
