import { readFileSync } from "node:fs";
import { readCgroupFile } from "../../src/lib/cgroups/files";
import { cgroupMounts } from "../../src/lib/cgroups/mounts";
import { parseProcessCgroups } from "../../src/lib/cgroups/process-cgroups";
import type { Container } from "../../src/lib/oci/container";
import { pidOf } from "./node";

/** What the kernel has: a value of version 1, or where that controller is of version 2, of that. */
export function kernelOf(container: Container, controller: string, v1File: string, v2File: string): string {
  const text = readFileSync(`/proc/${pidOf(container)}/cgroup`, "utf8");
  const { v1, v2 } = parseProcessCgroups(text, container.id, cgroupMounts());
  const value = v1.has(controller) ? readCgroupFile(v1.get(controller), v1File) : readCgroupFile(v2, v2File);
  return value?.trim() ?? "";
}
