import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "images",
  order: 30,
  summary: "Remove images",
  usage: "[flags] IMAGE...",
  arguments: { min: 1, name: "IMAGE...", completes: ["image"] },
  flags: {
    force: { short: "f", help: "Remove images also that containers use or that have several names" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod rmi localhost/app:1", does: "Remove a name, and with the last one the image" },
    { command: "kpod rmi -f 3b1f", does: "Remove an image with all its names" },
  ],
} as const satisfies CommandDescription;
