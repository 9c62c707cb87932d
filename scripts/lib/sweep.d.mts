import type { NodeLayout } from "./layout.mjs";

/** What a sweep looks at. */
export type Sweepable = Pick<NodeLayout, "directory" | "cgroupParent" | "runtimeRoots">;

/** What there still is of a node, a line each: processes with their pid, mounts, cgroups, the directory. */
export function leftovers(layout: Sweepable): string[];

/**
 * Kills and deletes the node's containers, ends its conmons, unmounts what is mounted below its directory, removes
 * its cgroups and then the directory. Waits at most `patienceMs` (10 000) for each of mounts and cgroups to let go.
 * @throws Error that lists what could not be removed, and why.
 */
export function sweep(layout: Sweepable, options?: { readonly patienceMs?: number }): Promise<void>;

/** Sends a signal to a process that may have ended. */
export function signal(pid: number, name: NodeJS.Signals): void;
