import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "pods",
  order: 70,
  summary: "Thaw the containers of pods",
  usage: "POD...",
  arguments: { min: 1, name: "POD...", completes: ["paused-pod"] },
  flags: {},
  needsRoot: true,
  examples: [
    { command: "kpod pod unpause shop", does: "Let the containers of a pod go on" },
    { command: "kpod pod unpause sales/shop sales/batch", does: "Let those of several pods go on" },
  ],
} as const satisfies CommandDescription;
