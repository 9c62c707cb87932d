import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "pods",
  order: 75,
  summary: "Set up the network of pods anew",
  usage: "[flags] [POD...]",
  arguments: { min: 0, name: "[POD...]", completes: ["ready-pod"] },
  flags: {
    all: { short: "a", help: "Do so for all pods that are ready and have a network of their own" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod pod reload-network shop", does: "Take a pod out of its networks and into them again" },
    { command: "kpod pod reload-network --all", does: "All pods of the node, one after the other" },
  ],
} as const satisfies CommandDescription;
