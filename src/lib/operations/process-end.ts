import { frozenCgroupOf } from "../cgroups/freezer";
import { KpodError } from "../errors";
import { isAlive, readCommandName, readProcessStat, readWaitChannel } from "../system/process";
import { type ProcessIdentity } from "../system/process-identity";
import { waitUntil, type WaitLimits } from "../system/wait-until";

/** Waits until a process has ended. @returns whether it did in time. @throws KpodError INTERRUPTED */
export function waitForEnd(process: ProcessIdentity, what: string, limits: WaitLimits): Promise<boolean> {
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
export function hangs(what: string, pid: number): KpodError {
  const frozen = frozenCgroupOf(pid);
  return new KpodError("RUNTIME_TIMEOUT", `${what} does not end: ${describeHang(pid)}`, {
    hint:
      frozen === undefined
        ? "it hangs in the kernel, on a dead network mount for example: try again when that is back"
        : `thaw ${frozen} and try again`,
  });
}
