import type { CommandDescription } from "../../../shell/command";
import { handlerFlag } from "../../shared/flags";
import { networkFlags } from "../../shared/network-flags";
import { pullFlag } from "../../shared/pull-flag";

export const command = {
  group: "pods",
  order: 100,
  summary: "Start the pods of a Kubernetes YAML file",
  usage: "[flags] FILE",
  arguments: { min: 1, max: 1, name: "FILE", completes: ["file"] },
  flags: {
    configmap: {
      argument: "FILE",
      repeatable: true,
      help: "Further file with ConfigMaps and Secrets that the pods refer to (repeatable)",
      completes: "file",
    },
    network: networkFlags.network,
    ...handlerFlag,
    pull: {
      argument: pullFlag.pull.argument,
      choices: pullFlag.pull.choices,
      help: "When to pull images, whatever imagePullPolicy says: always, missing or never; missing where the file says nothing",
    },
    "cgroup-parent": { argument: "CGROUP", help: "Cgroup of the pods" },
  },
  readsInput: true,
  needsRoot: true,
  examples: [
    {
      command: "kpod kube play /etc/kubernetes/manifests/kube-apiserver.yaml",
      does: "Start a static pod that the kubelet does not",
    },
    {
      command: "kpod kube play --configmap settings.yaml shop.yaml",
      does: "With the ConfigMaps and Secrets of another file",
    },
  ],
} as const satisfies CommandDescription;
