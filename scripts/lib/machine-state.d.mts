/** Mounts, conmons, cgroups and files of the machine's own node, a line each. */
export function machineState(): string[];

/**
 * Parts what is new in `after`: `own` carries the marks of this run of the tests (a directory, a cgroup parent, an id
 * that comes with them, also in the files named), `others` no mark at all. What another run has made is in neither.
 */
export function newSince(
  before: readonly string[],
  after: readonly string[],
  run: string,
): { readonly own: string[]; readonly others: string[] };

/** Processes that a run of the tests has started, by their environment. */
export function processesOfRun(run: string): { readonly pid: number; readonly command: string }[];
