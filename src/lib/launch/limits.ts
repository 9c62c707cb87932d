import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { cgroupMounts } from "../cgroups/mounts";
import { ifThere, KpodError } from "../errors";
import type { SpecResources } from "../oci/spec";
import { changedResources, type ResourceChanges } from "../operations/update";

/**
 * The limits of a new container as its spec has them. What is to be without a limit is left out: that is what the kernel
 * gives. With a limit of memory alone there is no swap, as CRI-O has it, where swap is counted.
 * @throws KpodError BAD_ARGUMENT for what no kernel takes, UNSUPPORTED for a limit of swap where it is not counted
 */
export function newLimits(wanted: ResourceChanges): SpecResources {
  const { memory = {}, cpu = {}, pids } = changedResources({}, wanted);
  const { limit, swap } = memory;
  if (swap !== undefined && swap !== -1 && !countsSwap()) {
    throw new KpodError(
      "UNSUPPORTED",
      "this kernel does not count the swap of cgroups: it cannot be limited",
    );
  }
  const noSwap = limit !== undefined && limit > 0 && swap === undefined && countsSwap() ? limit : swap;
  const bytes = bounded({ limit, swap: noSwap });
  const { period, ...others } = cpu;
  const processors = bounded({ ...others, ...(others.quota === -1 ? {} : { period }) });
  return {
    ...(Object.keys(bytes).length === 0 ? {} : { memory: bytes }),
    ...(Object.keys(processors).length === 0 ? {} : { cpu: processors }),
    ...(pids === undefined ? {} : { pids }),
  };
}

/** What of limits is one. */
function bounded<T extends object>(limits: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(limits).filter(([, value]) => value !== undefined && value !== -1);
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}

/** True where the kernel counts the swap of cgroups, and so can limit it. */
function countsSwap(): boolean {
  const mounts = cgroupMounts();
  const ofMemory = mounts.find(
    ({ type, superOptions }) => type === "cgroup" && superOptions.includes("memory"),
  );
  if (ofMemory !== undefined) return existsSync(join(ofMemory.target, "memory.memsw.limit_in_bytes"));
  // In version 2 the root itself has no limits; what is right below it has.
  return mounts
    .filter(({ type }) => type === "cgroup2")
    .some(({ target }) =>
      (ifThere(() => readdirSync(target)) ?? []).some((name) =>
        existsSync(join(target, name, "memory.swap.max")),
      ),
    );
}
