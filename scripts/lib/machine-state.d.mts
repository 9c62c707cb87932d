/** Mounts, conmons, cgroups and files of the machine's own node, a line each. */
export function machineState(): string[];

/** What is new in `after`, but for the worlds of other test runs. */
export function newSince(before: readonly string[], after: readonly string[], run: string): string[];
