import { existsSync } from "node:fs";
import { join } from "node:path";
import { cgroupHierarchies } from "../../scripts/lib/machine.mjs";

/** How a cgroup is frozen and thawed by hand. */
export interface Freezer {
  readonly file: string;
  /** What is written into it, and read from it then. */
  readonly frozen: string;
  readonly thawed: string;
}

/** The freezer of a cgroup: that of version 1 where the machine has it. @param path of the cgroup below its hierarchy */
export function freezerOf(path: string): Freezer {
  for (const [name, frozen, thawed] of [
    ["freezer.state", "FROZEN", "THAWED"],
    ["cgroup.freeze", "1", "0"],
  ] as const) {
    const files = cgroupHierarchies().map((hierarchy) => join(hierarchy, path, name));
    const file = files.find((each) => existsSync(each));
    if (file !== undefined) return { file, frozen, thawed };
  }
  throw new Error(`no cgroup ${path} can be frozen`);
}
