import { frozenCgroupOf, thawCgroup } from "../cgroups/freezer";
import { removeCgroups, thawCgroups } from "../cgroups/removal";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import { isAlive, readChildren, readCommandName, readProcessStat, readWaitChannel } from "../system/process";
import { identifyProcess, signalProcess, type ProcessIdentity } from "../system/process-identity";
import { waitUntil, type WaitLimits } from "../system/wait-until";

/** Milliseconds that conmon has to write down the end of its container before it is ended itself. */
const conmonTimeLimit = 5_000;

/** Milliseconds that a killed process, and those in a cgroup, have to be gone. */
const killTimeLimit = 5_000;

/** How a wait for processes ends before its time, and how long conmon has to end by itself. */
export interface EndingOptions {
  /** Milliseconds. */
  readonly patienceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits until conmon has ended, as it does soon after its container, and ends it when it does not: one in a frozen
 * cgroup of its own is thawed before. What it has started ends with it: a runtime that is just creating the container
 * would go on without it.
 * @throws KpodError RUNTIME_TIMEOUT that names what hangs when it does not die either, INTERRUPTED
 */
export async function endMonitor(
  { id, name }: Pick<Container, "id" | "name">,
  monitor: ProcessIdentity,
  { patienceMs = conmonTimeLimit, signal }: EndingOptions = {},
): Promise<void> {
  const what = `conmon of container ${name}`;
  wake(id, monitor);
  const started = readChildren(monitor.pid).map(identifyProcess);
  if (!(await waitForEnd(monitor, what, { timeoutMs: patienceMs, signal })))
    await killAndWait(monitor, what, signal);
  for (const child of started) {
    if (child !== undefined && isAlive(child))
      await killAndWait(child, `a process that ${what} has started`, signal);
  }
}

/** Ends a process of a container. @throws KpodError RUNTIME_TIMEOUT that names what hangs, INTERRUPTED */
export async function endProcess(
  { id, name }: Pick<Container, "id" | "name">,
  process: ProcessIdentity,
  { signal }: EndingOptions = {},
): Promise<void> {
  if (!isAlive(process)) return;
  wake(id, process);
  await killAndWait(process, `the process of container ${name}`, signal);
}

/** Neither a stopped nor a frozen process can end by itself. What is frozen with others, its pod for example, stays so. */
function wake(id: string, process: ProcessIdentity): void {
  if (readProcessStat(process.pid)?.state === "T") signalProcess(process, "SIGCONT");
  const frozen = frozenCgroupOf(process.pid);
  if (frozen === undefined) return;
  thawCgroups(id);
  if (frozen.includes(id)) thawCgroup(frozen);
}

async function killAndWait(
  process: ProcessIdentity,
  what: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  signalProcess(process, "SIGKILL");
  if (await waitForEnd(process, what, { timeoutMs: killTimeLimit, signal })) return;
  throw hangs(what, process.pid);
}

/**
 * Kills what is left in the cgroups of a container and of its conmon, and removes them.
 * @throws KpodError RUNTIME_TIMEOUT that names the processes which do not leave them, INTERRUPTED
 */
export async function endCgroups(
  { id, name }: Pick<Container, "id" | "name">,
  { signal }: EndingOptions = {},
): Promise<void> {
  const [stuck] = await removeCgroups(id, { timeoutMs: killTimeLimit, signal });
  if (stuck === undefined) return;
  const { directory, pids } = stuck;
  const shown = pids
    .slice(0, 3)
    .map((pid) => (pid === 0 ? "one of another pid namespace" : describeHang(pid)));
  const more = pids.length > shown.length ? ` and ${pids.length - shown.length} more` : "";
  const who = pids.length === 0 ? "" : `: ${shown.join(", ")}${more}`;
  throw new KpodError("RUNTIME_TIMEOUT", `processes of container ${name} do not leave ${directory}${who}`, {
    hint: "end them and try again: until then nothing else of it is removed",
  });
}

/** Waits until a process has ended. @returns whether it did in time. @throws KpodError INTERRUPTED */
function waitForEnd(process: ProcessIdentity, what: string, limits: WaitLimits): Promise<boolean> {
  return waitUntil(`the end of ${what}`, () => !isAlive(process), limits);
}

/**
 * What keeps a process from ending, for whoever has to look at it: `conmon (pid 7, state D, in rpc_wait_bit_killable)`,
 * or the frozen cgroup that it is in.
 */
export function describeHang(pid: number): string {
  const stat = readProcessStat(pid);
  const name = readCommandName(pid) ?? "process";
  if (stat === undefined) return `${name} (pid ${pid})`;
  const channel = readWaitChannel(pid);
  const frozen = frozenCgroupOf(pid);
  const facts = [
    `pid ${pid}`,
    `state ${stat.state}`,
    ...(channel === "" ? [] : [`in ${channel}`]),
    ...(frozen === undefined ? [] : [`frozen by ${frozen}`]),
  ];
  return `${name} (${facts.join(", ")})`;
}

/** The error for a process that does not end. @param what whose it is: `conmon of container X` */
function hangs(what: string, pid: number): KpodError {
  const frozen = frozenCgroupOf(pid);
  return new KpodError("RUNTIME_TIMEOUT", `${what} does not end: ${describeHang(pid)}`, {
    hint:
      frozen === undefined
        ? "it hangs in the kernel, on a dead network mount for example: try again when that is back"
        : `thaw ${frozen} and try again`,
  });
}
