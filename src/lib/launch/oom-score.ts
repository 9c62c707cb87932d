import { readFileSync } from "node:fs";

const CAP_SYS_RESOURCE = 24n;

/**
 * The oom_score_adj to ask for: the wanted one, or where this process may not lower its own (it lacks
 * CAP_SYS_RESOURCE, as inside of some machines and containers) at least its own, since the runtime would fail.
 */
export function permittedOomScore(wanted: number): number {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  if ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) % 2n === 1n) return wanted;
  return Math.max(wanted, Number(readFileSync("/proc/self/oom_score_adj", "utf8")));
}
