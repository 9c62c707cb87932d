import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "change",
  order: 50,
  summary: "Thaw paused containers",
  usage: "CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["paused-container"] },
  flags: {},
  needsRoot: true,
  examples: [
    { command: "kpod unpause web", does: "Let a frozen container go on" },
    { command: "kpod unpause shop/web shop/cache", does: "Let two containers of a pod go on" },
  ],
} as const satisfies CommandDescription;
