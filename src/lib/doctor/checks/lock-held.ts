import { processStarted, readProcessStat } from "../../system/process";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { heldStoreLocks } from "../facts/lock-holders";
import type { Evidence, Found } from "../finding";

/** Milliseconds that a lock of the store is held at most by who is well. */
const patience = 1_500;

export const check: Check = {
  id: "storage.lock-held",
  rank: 120,
  severity: "breaks-now",
  about: `Somebody holds a lock of the store for writing, at both looks: all that touches images or containers waits for it, and seems
to hang. The holder is named with what it does, when it was started, and what it waits for in the kernel; since when it holds the lock
the kernel does not tell. Nothing is done to it: where it is a
stray podman or skopeo, end it.`,
  quick: false,
  live: true,
  find: findHeldLocks,
};

function findHeldLocks(facts: Facts): readonly Found[] {
  // Who mends holds them.
  if (facts.options.before !== undefined) return [];
  return heldStoreLocks(facts.server.store.layout).map(({ path, pid, command, name, waits }) => {
    const since = facts.seenSince(name);
    // At the first look nobody knows for how long; the second one tells.
    const isHeld = facts.now - since >= Math.min(patience, facts.options.minAgeMs ?? usualAge);
    return {
      severity: isHeld ? "breaks-now" : "informs",
      object: { kind: "process", pid, name: command, path },
      evidence: [
        { file: path, says: `process ${pid} holds it for writing: ${command}` },
        ...startOf(pid),
        ...(waits === "" ? [] : [{ file: `/proc/${pid}/wchan`, says: `it is in ${waits}` }]),
      ],
      consequence: "all that reads or changes the store waits for it",
      key: path,
      mend: { class: "N", what: "wait for it, or end it where it hangs", commands: [`kill ${pid}`] },
    };
  });
}

/** All that is known of since when it holds the lock: neither the kernel nor the library writes that down. */
function startOf(pid: number): Evidence[] {
  const stat = readProcessStat(pid);
  if (stat === undefined) return [];
  const started = new Date(processStarted(stat)).toISOString().replace(/\.\d+/, "");
  return [{ file: `/proc/${pid}/stat`, says: `it was started at ${started}, and cannot hold it for longer` }];
}
