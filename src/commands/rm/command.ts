import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "change",
  order: 80,
  summary: "Remove containers",
  usage: "[flags] CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["removable-container"] },
  flags: {
    force: { short: "f", help: "Remove running containers too, and what is only half there" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod rm web", does: "Remove a stopped container" },
    { command: "kpod rm -f 244275a7f0b12", does: "Kill and remove a container, whatever is left of it" },
  ],
} as const satisfies CommandDescription;
