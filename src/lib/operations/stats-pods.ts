import type { Container } from "../oci/container";
import type { StatsSample } from "./stats";
import type { StatsHost } from "./stats-source";
import { percentOf, type StatsValues } from "./stats-values";

/** The stats of a pod: sums over those of its containers that were sampled. */
export interface PodStats extends StatsValues {
  /** The pod's id. */
  pod: string;
}

/**
 * Adds up the stats of containers by their pods; pods come in the order of their first containers. The network
 * is the pod's already and is taken once. A pod in which one container has no limit of memory has none.
 */
export function sumByPod(
  containers: readonly Container[],
  sample: StatsSample,
  host: Pick<StatsHost, "memory">,
): PodStats[] {
  const byPod = new Map<string, StatsValues[]>();
  for (const { id, sandboxId } of containers) {
    const stats = sample.get(id);
    if (stats === undefined) continue;
    const members = byPod.get(sandboxId);
    if (members === undefined) byPod.set(sandboxId, [stats]);
    else members.push(stats);
  }
  return [...byPod].map(([pod, members]) => ({ pod, ...sumOf(members, host.memory) }));
}

function sumOf(members: readonly StatsValues[], machine: number): StatsValues {
  const memUsage = sum(members, "memUsage");
  const limits = sum(members, "memLimit");
  const memLimit = limits === undefined ? undefined : Math.min(limits, machine);
  return {
    cpu: sum(members, "cpu"),
    memUsage,
    memLimit,
    memPerc: memUsage === undefined || memLimit === undefined ? undefined : percentOf(memUsage, memLimit),
    netInput: shared(members, "netInput"),
    netOutput: shared(members, "netOutput"),
    blockInput: sum(members, "blockInput"),
    blockOutput: sum(members, "blockOutput"),
    pids: sum(members, "pids"),
  };
}

/** Undefined when none of them is known. */
function sum(members: readonly StatsValues[], key: keyof StatsValues): number | undefined {
  return known(members, key).reduce<number | undefined>((total, value) => (total ?? 0) + value, undefined);
}

/** The counters of the one network that they share. */
function shared(members: readonly StatsValues[], key: keyof StatsValues): number | undefined {
  const values = known(members, key);
  const value = values.length === 0 ? undefined : Math.max(...values);
  // The zeros of containers that do not run say nothing of a network that is not the pod's.
  return value === 0 && values.length < members.length ? undefined : value;
}

function known(members: readonly StatsValues[], key: keyof StatsValues): number[] {
  return members.flatMap((member) => member[key] ?? []);
}
