/** What a container or a pod is at a look; `unknown` where nobody can tell, `creating` while it is being made. */
export type SeenStatus = "creating" | "created" | "running" | "paused" | "stopped" | "unknown";

/** A container or a pod as a look at the node found it. Times are milliseconds since 1970. */
export interface Seen {
  readonly type: "container" | "pod";
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly podId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly status: SeenStatus;
  /** Pid of its first process, which tells one run from the next; 0 where it has none, or nobody knows it. */
  readonly pid: number;
  readonly created: number;
  readonly started: number | undefined;
  readonly finished: number | undefined;
  readonly exitCode: number | undefined;
  /** How often its memory was exhausted in this run, as far as that is told. */
  readonly ooms: number;
  /** Pid of a conmon of it that is dead while it runs; 0 for none. */
  readonly deadMonitor: number;
}

/** An image as a look at the node found it. */
export interface SeenImage {
  readonly id: string;
  readonly names: readonly string[];
}

/** What a look at the node found. */
export interface Look {
  /** When it was, in milliseconds since 1970. */
  readonly time: number;
  /** Containers and pods by their ids. */
  readonly things: ReadonlyMap<string, Seen>;
  /** Images by their ids. */
  readonly images: ReadonlyMap<string, SeenImage>;
}
