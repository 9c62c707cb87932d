/** What events are about. */
export const eventTypes = ["container", "image", "pod"] as const;

/** To what something happened. */
export type EventType = (typeof eventTypes)[number];

/** What can happen, in podman's words; `oom` and the end of a conmon it has none for. */
export const eventStatuses = [
  "checkpoint",
  "conmon_died",
  "create",
  "died",
  "exec",
  "exec_died",
  "kill",
  "loadfromarchive",
  "oom",
  "pause",
  "pull",
  "remove",
  "rename",
  "restore",
  "start",
  "stop",
  "tag",
  "unpause",
  "untag",
] as const;

/** What happened, by podman's words. */
export type EventStatus = (typeof eventStatuses)[number];

/** Something that happened to a container, a pod or an image. */
export interface NodeEvent {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly type: EventType;
  readonly status: EventStatus;
  /** Full id. */
  readonly id: string;
  /** Full name of a container, name of a pod in Kubernetes, name of an image; "" where nobody knows it. */
  readonly name: string;
  /** Name of the image of a container; "" for others. */
  readonly image: string;
  /** Of a container the id of its pod, of a pod its own; "" for an image. */
  readonly podId: string;
  /** The labels in Kubernetes of a container or a pod. */
  readonly labels: Readonly<Record<string, string>>;
  /** What is to be said of this event alone: `signal` of a kill, `oldName` of a rename. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Of `died` and `exec_died`, where it is known. */
  readonly exitCode?: number | undefined;
}

/** An event as the journal of changes has it. */
export interface NotedEvent extends NodeEvent {
  /** Of a start the pid of the first process, which tells one run from the next. */
  readonly pid?: number | undefined;
}
