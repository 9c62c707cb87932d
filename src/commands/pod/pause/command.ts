import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "pods",
  order: 60,
  summary: "Freeze the containers of pods",
  usage: "POD...",
  arguments: { min: 1, name: "POD...", completes: ["ready-pod"] },
  flags: {},
  needsRoot: true,
  examples: [
    { command: "kpod pod pause shop", does: "Freeze all containers of a pod" },
    { command: "kpod pod pause sales/shop sales/batch", does: "Freeze those of several pods" },
  ],
} as const satisfies CommandDescription;
