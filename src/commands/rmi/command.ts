import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "images",
  order: 30,
  summary: "Remove images",
  usage: "[flags] IMAGE...",
  arguments: { min: 0, name: "IMAGE...", completes: ["image"] },
  flags: {
    all: { short: "a", help: "Remove all images; without -f those stay that containers use" },
    force: { short: "f", help: "Remove images also that containers use or that have several names" },
    prune: { help: "Remove the images that no container uses; pinned ones and the pause image stay" },
  },
  exclusive: [
    { flags: ["all", "prune"], message: "all and prune are mutually exclusive" },
    { flags: ["force", "prune"], message: "force and prune are mutually exclusive" },
  ],
  needsRoot: true,
  examples: [
    { command: "kpod rmi localhost/app:1", does: "Remove a name, and with the last one the image" },
    { command: "kpod rmi -f 3b1f", does: "Remove an image with all its names" },
    { command: "kpod rmi --prune", does: "Make room: remove what nothing uses" },
  ],
} as const satisfies CommandDescription;
