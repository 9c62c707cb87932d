import type { CommandDescription } from "../../../shell/command";
import { pullFlag } from "../../shared/pull-flag";

export const command = {
  group: "pods",
  order: 20,
  summary: "Start a new pod without containers",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: {
    name: { argument: "NAME", help: "Name of the pod" },
    namespace: {
      short: "n",
      argument: "NAMESPACE",
      default: "default",
      help: "Kubernetes namespace of the pod",
      completes: "namespace",
    },
    label: { argument: "KEY=VALUE", repeatable: true, help: "Label of the pod (repeatable)" },
    hostname: { argument: "NAME", help: "Host name of the pod" },
    network: {
      argument: "NETWORK",
      choices: ["host", "none"],
      help: "Network of the pod: that of the host, or an empty one (none)",
    },
    ...pullFlag,
    "cgroup-parent": { argument: "CGROUP", help: "Cgroup of the pod" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod pod run --name shop", does: "Start a pod; kpod run --pod shop fills it" },
    { command: "kpod pod run --name shop -n sales --label tier=front", does: "With namespace and label" },
  ],
} as const satisfies CommandDescription;
