import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "pods",
  order: 105,
  summary: "Write pods and containers as Kubernetes YAML",
  usage: "POD|CONTAINER...",
  arguments: { min: 1, name: "POD|CONTAINER...", completes: ["pod"] },
  flags: {},
  examples: [
    { command: "kpod kube generate shop > shop.yaml", does: "A pod with all its containers" },
    { command: "kpod kube generate shop/web", does: "A pod with this one alone" },
  ],
} as const satisfies CommandDescription;
