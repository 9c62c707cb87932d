import type { ResourceChanges } from "../operations/update";
import type { NodeFacts } from "./facts";
import type { Fields } from "./fields";
import { readQuantity } from "../quantity";
import type { ContainerResources } from "./references";

/** Reads what a container asks for and may take. @throws KpodError BAD_ARGUMENT for a claim that nobody can meet */
export function readResources(container: Fields): ContainerResources {
  const resources = container.object("resources");
  if (resources === undefined) return { limits: {}, requests: {} };
  if (resources.raw("claims") !== undefined)
    throw resources.bad(["claims"], "claim devices of the cluster, which nobody can allot here");
  const limits = readQuantities(resources.object("limits"));
  return { limits, requests: { ...limits, ...readQuantities(resources.object("requests")) } };
}

function readQuantities(fields: Fields | undefined): Record<string, number> {
  if (fields === undefined) return {};
  fields.leave("nobody measures it here", "ephemeral-storage");
  const others = fields.names().filter((name) => name !== "ephemeral-storage");
  const entries = others.map((name) => {
    const amount = readQuantity(fields.raw(name));
    if (amount === undefined) throw fields.bad([name], "is no quantity, as 500m or 64Mi");
    const isClaim = name !== "cpu" && name !== "memory" && amount > 0;
    if (isClaim) throw fields.bad([name], "is a claim that nobody can meet here");
    return [name, amount] as const;
  });
  return Object.fromEntries(entries);
}

/** The limits of its cgroup, by the arithmetic of the kubelet. */
export function limitsOf({ limits, requests }: ContainerResources): ResourceChanges {
  return {
    ...(limits.memory === undefined ? {} : { memory: Math.ceil(limits.memory) }),
    ...(limits.cpu === undefined ? {} : { cpus: limits.cpu }),
    ...(requests.cpu === undefined ? {} : { cpuShares: Math.max(2, Math.floor(requests.cpu * 1024)) }),
  };
}

/**
 * How readily the kernel takes it when memory runs out, as the kubelet has it: what is guaranteed or critical last, what asks
 * for nothing first.
 * @param all the resources of all containers of its pod
 */
export function oomScoreOf(
  own: ContainerResources,
  all: readonly ContainerResources[],
  isCritical: boolean,
  { memory }: Pick<NodeFacts, "memory">,
): number {
  const kinds = ["cpu", "memory"] as const;
  const isGuaranteed = all.every(({ limits, requests }) =>
    kinds.every((kind) => (limits[kind] ?? 0) > 0 && limits[kind] === requests[kind]),
  );
  if (isCritical || isGuaranteed) return -997;
  const isBestEffort = all.every(({ requests }) => kinds.every((kind) => (requests[kind] ?? 0) === 0));
  if (isBestEffort) return 1000;
  return Math.min(999, Math.max(3, Math.floor(1000 - (1000 * (own.requests.memory ?? 0)) / memory)));
}
