import { join } from "node:path";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import type { SpecResources } from "../oci/spec";
import type { ServerParts } from "../server-parts";
import { changeJsonFile } from "../system/exact-json";
import { isRecord } from "../system/files";

/** Limits to change; what is undefined stays as it is. */
export interface ResourceChanges {
  /** Bytes of memory; -1 for no limit. */
  readonly memory?: number | undefined;
  /** Bytes of memory and swap together; -1 for no limit. */
  readonly memorySwap?: number | undefined;
  /** Processors, also a part of one; 0 for no limit. */
  readonly cpus?: number | undefined;
  /** Weight beside others; 1 is taken for 2, the least. */
  readonly cpuShares?: number | undefined;
  /** The processors to run on, as cpuset(7) lists them (`0-3,7`). */
  readonly cpusetCpus?: string | undefined;
  /** Processes and threads; -1 (or 0) for no limit. */
  readonly pidsLimit?: number | undefined;
}

/** Microseconds in which a quota of processor time is counted where a spec names no period: what runtimes take, too. */
const usualPeriod = 100_000;

/** The kernel's least weight. */
const leastShares = 2;

/** The kernel's least quota in microseconds. */
const leastQuota = 1000;

/**
 * Changes limits of a container: those of its cgroup by its runtime, and then those of its spec in both places, so that
 * it keeps them when it is made anew, by CRI-O too. Of one that does not run only the spec is changed.
 * @throws KpodError BAD_ARGUMENT, BAD_STATE, RUNTIME_FAILED, RUNTIME_TIMEOUT: then nothing was changed; IO where the
 * limits hold but could not be persisted
 */
export async function updateContainer(
  server: ServerParts,
  container: Container,
  changes: ResourceChanges,
): Promise<void> {
  server.requireNode();
  const { status } = await server.runtime.updateStatus(container);
  if (status === "unknown" || status === "creating") {
    const cause = status === "unknown" ? "its state is unknown" : "it is being made";
    throw new KpodError("BAD_STATE", `cannot update container ${container.id}: ${cause}`);
  }
  const resources = changedResources(container.spec.linux?.resources ?? {}, changes);
  if (status !== "stopped") await server.runtime.updateContainer(container, resources);
  // A rename writes these files, too.
  await server.withStateLock(() => {
    for (const directory of [container.dir, container.bundlePath]) {
      changeSpecResources(join(directory, "config.json"), resources);
    }
    return Promise.resolve();
  });
}

/** What of the resources of a spec is to be different. @throws KpodError BAD_ARGUMENT for what no kernel takes */
export function changedResources(
  present: SpecResources,
  { memory, memorySwap, cpus, cpuShares, cpusetCpus, pidsLimit }: ResourceChanges,
): SpecResources {
  if (cpusetCpus !== undefined && !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(cpusetCpus)) {
    throw new KpodError("BAD_ARGUMENT", `invalid list of processors ${JSON.stringify(cpusetCpus)}`, {
      hint: "give numbers and ranges, as 0-3,7",
    });
  }
  const cpu = {
    ...(cpus === undefined ? {} : quotaOf(cpus, present.cpu?.period)),
    ...(cpuShares === undefined ? {} : { shares: Math.max(leastShares, cpuShares) }),
    ...(cpusetCpus === undefined ? {} : { cpus: cpusetCpus }),
  };
  const bytes = changedMemory(present.memory ?? {}, memory, memorySwap);
  return {
    ...(Object.keys(bytes).length === 0 ? {} : { memory: bytes }),
    ...(Object.keys(cpu).length === 0 ? {} : { cpu }),
    ...(pidsLimit === undefined ? {} : { pids: { limit: pidsLimit === 0 ? -1 : pidsLimit } }),
  };
}

function quotaOf(cpus: number, period = usualPeriod): { quota: number; period: number } {
  if (cpus === 0) return { quota: -1, period };
  const quota = Math.round(cpus * period);
  if (quota >= leastQuota) return { quota, period };
  throw new KpodError("BAD_ARGUMENT", `${cpus} processors are too few`, {
    hint: `the kernel gives no less than ${leastQuota / period}`,
  });
}

/**
 * The kernel wants the sum of memory and swap to be no less than the memory. One that is as large as the memory, as CRI-O
 * writes it where there is to be no swap, goes with it.
 */
function changedMemory(
  present: { limit?: number; swap?: number },
  limit: number | undefined,
  swap: number | undefined,
): { limit?: number; swap?: number } {
  if (limit === undefined) return swap === undefined ? {} : { swap };
  if (swap !== undefined) {
    if (swap === -1 || (limit !== -1 && swap >= limit)) return { limit, swap };
    throw new KpodError("BAD_ARGUMENT", "memory and swap together cannot be less than the memory");
  }
  const { swap: bound = 0 } = present;
  if (bound <= 0 || (limit !== -1 && bound > limit && bound !== present.limit)) return { limit };
  if (bound === present.limit) return { limit, swap: limit };
  throw new KpodError(
    "BAD_ARGUMENT",
    `memory and swap together are limited to ${bound} bytes, which is less`,
    {
      hint: "give --memory-swap, too",
    },
  );
}

/** Puts resources into a config.json. That of a bundle in a runroot goes with a reboot. */
function changeSpecResources(path: string, resources: SpecResources): void {
  changeJsonFile(path, (value) => {
    if (!isRecord(value)) throw new KpodError("CORRUPT", `${path} does not hold an OCI spec`);
    const linux = isRecord(value.linux) ? value.linux : {};
    const before = isRecord(linux.resources) ? linux.resources : {};
    const merged = Object.entries(resources).map(([key, part]) => {
      const old = before[key];
      return [key, isRecord(old) && isRecord(part) ? { ...old, ...part } : part] as const;
    });
    return { ...value, linux: { ...linux, resources: { ...before, ...Object.fromEntries(merged) } } };
  });
}
