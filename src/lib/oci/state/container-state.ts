/**
 * What a container can be. `creating`: somebody is just making it. `unknown`: its runtime could not be asked, or whoever
 * made it never came to the end.
 */
export type ContainerStatus = "creating" | "created" | "running" | "paused" | "stopped" | "unknown";

/** The state of a container (libkpod: ContainerState, with the fields that later CRI-O adds). */
export interface ContainerState {
  ociVersion: string;
  id: string;
  status: ContainerStatus;
  /** Pid of the container's first process on the host; 0 when there is none. */
  pid: number;
  bundle: string;
  annotations: Record<string, string>;
  created?: Date;
  started?: Date;
  finished?: Date;
  /** Undefined until the container has ended. */
  exitCode?: number;
  oomKilled: boolean;
  error: string;
  /** With its start time (field 22 of /proc/PID/stat) the pid is known for sure. */
  initPid?: number;
  initStartTime?: string;
  /** When it was last checkpointed. */
  checkpointed?: Date;
  /** The process that watches the container: conmon. */
  monitor?: { pid: number; startTime: string };
}

/** The status a runtime or a state.json names; `unknown` for every other word. */
export function readStatus(value: unknown): ContainerStatus {
  switch (value) {
    // The word of the OCI for "not created to the end", which crun says.
    case "creating":
    case "created":
    case "running":
    case "paused":
    case "stopped":
      return value;
    default:
      return "unknown";
  }
}
