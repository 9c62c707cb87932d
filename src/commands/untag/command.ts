import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "images",
  order: 50,
  summary: "Take names from an image",
  usage: "IMAGE [NAME...]",
  arguments: { min: 1, name: "IMAGE [NAME...]", completes: ["image"] },
  flags: {},
  needsRoot: true,
  examples: [
    { command: "kpod untag busybox app:1", does: "Take one name from it" },
    { command: "kpod untag localhost/app:1", does: "Take all names from an image, which stays" },
  ],
} as const satisfies CommandDescription;
