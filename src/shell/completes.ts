/**
 * What of a node a value names. Of containers and pods only those are offered that fit, as far as the records
 * of the store can tell: `live` are the running and the paused ones; of the `removable` ones, which are all,
 * those that have ended come first.
 */
export type NodeObject =
  | "container"
  | "running-container"
  | "live-container"
  | "paused-container"
  | "removable-container"
  /** The same for commands to which a name that several attempts have means the newest. */
  | "newest-container"
  | "newest-running-container"
  | "pod"
  | "ready-pod"
  | "paused-pod"
  | "removable-pod"
  | "image"
  /** A container, else a pod, else an image, as `kpod inspect` looks for them. */
  | "any"
  /** Ids alone, and names in Kubernetes that several may have: what filters compare with. */
  | "container-id"
  | "container-name"
  | "pod-id"
  | "pod-name"
  | "namespace"
  /** Those that are configured. */
  | "network"
  /** Several of them with commas between, or one of the words that stand for others. */
  | "networks"
  | "network-or-pod";

/** What a shell offers for the value of a flag, or for an argument. */
export type Completes =
  | "nothing"
  | "file"
  | "directory"
  /** A path of the node, or `CONTAINER:PATH`. */
  | "container-path"
  | "signal"
  /** The words that call a command. */
  | "command"
  | NodeObject
  /** Words that are known beforehand; the parser may take others. */
  | { readonly words: readonly string[] }
  /** `KEY=VALUE` and `KEY!=VALUE`, several with commas between; for each key what its value may be. */
  | { readonly filters: Readonly<Record<string, Completes>> }
  /** `json`, and templates of these fields. */
  | { readonly fields: readonly string[] };
