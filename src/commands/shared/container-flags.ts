import type { FlagSpecs } from "../../shell/flags";
import { environmentFlags } from "./flags";
import { networkFlags } from "./network-flags";
import { pullFlag } from "./pull-flag";

/** The flags that say what a new container is, and in which pod. */
export const containerFlags = {
  name: { argument: "NAME", help: "Name of the container in its pod" },
  pod: {
    argument: "POD",
    help: "Pod to run in; without it the container gets one of its own",
    completes: "ready-pod",
  },
  ...pullFlag,
  force: { help: "Run also in a pod of a CRI-O that runs, which will not see the container" },
  label: { argument: "KEY=VALUE", repeatable: true, help: "Label of the container (repeatable)" },
  ...environmentFlags,
  volume: {
    short: "v",
    argument: "HOST:CTR[:ro]",
    repeatable: true,
    help: "Mount a directory or file of the host (repeatable)",
    completes: "file",
  },
  ...networkFlags,
  hostname: { argument: "NAME", help: "Host name of the pod that is made" },
  "cgroup-parent": { argument: "CGROUP", help: "Cgroup of the pod that is made" },
} as const satisfies FlagSpecs;
