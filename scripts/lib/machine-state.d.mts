/** Mounts, conmons, cgroups and files of the machine's own node, a line each. */
export function machineState(): string[];

/**
 * Parts what is new in `after`: `own` carries the mark of this run of the tests, `others` no mark at all. What
 * another run of the tests has made is in neither.
 */
export function newSince(
  before: readonly string[],
  after: readonly string[],
  run: string,
): { readonly own: string[]; readonly others: string[] };

/** Processes that a run of the tests has started, by their environment. */
export function processesOfRun(run: string): { readonly pid: number; readonly command: string }[];
