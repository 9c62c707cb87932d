import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ifThere } from "../errors";
import { cgroupMounts } from "./mounts";

/** True where the kernel counts the swap of cgroups, and so can limit it. */
export function countsSwap(): boolean {
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
