import { setTimeout as sleep } from "node:timers/promises";
import { identifyProcess, signalProcess, type ProcessIdentity } from "../../system/process-identity";
import { allProcesses, isLiving, type ProcessStat } from "../../system/process";

/** How often it is looked whether all are gone, and how long that waits, in milliseconds. */
const looks = 100;
const lookInterval = 20;

/**
 * Kills what a program has started, its children and theirs, and all that is in a session with one of them: also what was
 * left to the first process of the container, unless it has made a session of its own.
 */
export async function endStarted(program: number): Promise<void> {
  const sessions = new Set<string>();
  for (let look = 0; look < looks; look++) {
    const living = startedBy(program, sessions);
    if (living.length === 0) return;
    for (const each of living) signalProcess(each, "SIGKILL");
    await sleep(lookInterval);
  }
}

/** @param sessions of those that were found before; those of these are added */
function startedBy(program: number, sessions: Set<string>): ProcessIdentity[] {
  const all = allProcesses();
  const own = all.find(({ pid }) => pid === program)?.session;
  const below = new Set([program]);
  for (let before = 0; before !== below.size;) {
    before = below.size;
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid);
  }
  below.delete(program);
  const isMeant = ({ pid, session }: ProcessStat): boolean => below.has(pid) || sessions.has(session);
  for (const { pid, session } of all) if (below.has(pid) && session !== own) sessions.add(session);
  return all
    .filter((stat) => stat.pid !== program && isMeant(stat) && isLiving(stat))
    .flatMap(({ pid, startTime }) => {
      const process = identifyProcess(pid);
      return process?.startTime === startTime ? process : [];
    });
}
