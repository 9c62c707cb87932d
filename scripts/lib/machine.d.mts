/** A row of mountinfo, its octal escapes undone. */
export interface MountRow {
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
  readonly options: string;
}

/** Rows of a mountinfo file (proc(5)), in its order. */
export function parseMountInfo(text: string): MountRow[];

/** Mounts that this process sees. */
export function listMounts(): MountRow[];

/** Whether `path` is `directory` or lies below it. */
export function isWithin(path: string, directory: string): boolean;

/** Root directories of all cgroup hierarchies, v1 and v2. */
export function cgroupHierarchies(): string[];

/** Directories of one cgroup path in all hierarchies that have it, with all below, deepest first. */
export function cgroupDirectories(cgroupPath: string): string[];

/** Conmons, runtimes, kpods and containers of a node; not what else has one of its files open. */
export function processesOf(node: {
  readonly directory: string;
  readonly cgroupParent: string;
}): { readonly pid: number; readonly argv: readonly string[] }[];
