import type { CommandDescription } from "../../../shell/command";
import { handlerFlag } from "../../shared/flags";
import { networkFlags } from "../../shared/network-flags";
import { usernsFlag } from "../../shared/read-userns-flag";
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
    label: { short: "l", argument: "KEY=VALUE", repeatable: true, help: "Label of the pod (repeatable)" },
    hostname: { argument: "NAME", help: "Host name of the pod" },
    annotation: { argument: "KEY=VALUE", repeatable: true, help: "Annotation of the pod (repeatable)" },
    privileged: { help: "May have containers with the rights of the host" },
    ...usernsFlag,
    ...networkFlags,
    ...handlerFlag,
    ...pullFlag,
    "cgroup-parent": { argument: "CGROUP", help: "Cgroup of the pod" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod pod run --name shop", does: "Start a pod; kpod run --pod shop fills it" },
    { command: "kpod pod run --name shop -n sales --label tier=front", does: "With namespace and label" },
    {
      command: "kpod pod run --name web -p 8080:80",
      does: "Have port 8080 of the host lead to port 80 of the pod",
    },
    {
      command: "kpod pod run --name both --network blue,green",
      does: "In two CNI networks, as eth0 and eth1",
    },
    {
      command: "kpod pod run --name apart --userns auto",
      does: "Whose root is nobody on the node",
    },
  ],
} as const satisfies CommandDescription;
