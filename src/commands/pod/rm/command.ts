import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "pods",
  order: 80,
  summary: "Remove pods with all their containers",
  usage: "[flags] POD...",
  arguments: { min: 1, name: "POD...", completes: ["removable-pod"] },
  flags: {
    force: { short: "f", help: "Remove pods that run too" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod pod rm shop", does: "Remove a stopped pod" },
    { command: "kpod pod rm -f shop", does: "Kill and remove a pod" },
  ],
} as const satisfies CommandDescription;
