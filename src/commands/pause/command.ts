import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "change",
  order: 40,
  summary: "Freeze containers",
  usage: "CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["running-container"] },
  flags: {},
  needsRoot: true,
  examples: [
    { command: "kpod pause web", does: "Freeze all processes of a container" },
    { command: "kpod pause $(kpod ps -q)", does: "Freeze everything that runs" },
  ],
} as const satisfies CommandDescription;
