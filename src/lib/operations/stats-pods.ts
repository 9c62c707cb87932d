import type { Container } from "../oci/container";
import type { StatsSample } from "./stats";
import { percentOf, type MachineMemory, type StatsValues } from "./stats-values";

/**
 * The stats of a pod: sums over those of its containers that were sampled. The network is the pod's already and
 * is taken once; a pod in which one container has no limit of memory has none.
 * @returns undefined when none of its containers was sampled
 */
export function sumPodStats(
  sandbox: { readonly containers: () => readonly Pick<Container, "id">[] },
  sample: StatsSample,
  host: MachineMemory,
): StatsValues | undefined {
  const members = sandbox.containers().flatMap(({ id }) => sample.get(id) ?? []);
  if (members.length === 0) return undefined;
  const memUsage = sum(members, "memUsage");
  const limits = sum(members, "memLimit");
  const memLimit = limits === undefined ? undefined : Math.min(limits, host.memory);
  return {
    cpu: sum(members, "cpu"),
    cpuTime: sum(members, "cpuTime"),
    memUsage,
    memLimit,
    memPerc: memUsage === undefined || memLimit === undefined ? undefined : percentOf(memUsage, memLimit),
    netInput: shared(members, "netInput"),
    netOutput: shared(members, "netOutput"),
    blockInput: sum(members, "blockInput"),
    blockOutput: sum(members, "blockOutput"),
    pids: sum(members, "pids"),
    oomKills: sum(members, "oomKills"),
    // Shares of time have no sum: several may have waited at once.
    pressure: undefined,
  };
}

type Count = Exclude<keyof StatsValues, "pressure">;

/** Undefined when none of them is known. */
function sum(members: readonly StatsValues[], key: Count): number | undefined {
  const values = known(members, key);
  return values.length === 0 ? undefined : values.reduce((total, value) => total + value);
}

/** The counters of the one network that they share. */
function shared(members: readonly StatsValues[], key: Count): number | undefined {
  const values = known(members, key);
  const value = values.length === 0 ? undefined : Math.max(...values);
  // The zeros of containers that do not run say nothing of a network that is not the pod's.
  return value === 0 && values.length < members.length ? undefined : value;
}

function known(members: readonly StatsValues[], key: Count): number[] {
  return members.flatMap((member) => member[key] ?? []);
}
