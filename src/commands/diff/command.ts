import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "look",
  order: 35,
  summary: "Show what a container, an image or a layer has changed",
  usage: "[flags] NAME [NAME]",
  arguments: { min: 1, max: 2, name: "NAME [NAME]", completes: ["any", "any"] },
  flags: {
    format: { argument: "FORMAT", choices: ["json"], help: "Print JSON" },
    // kpod 1.0.0 took it, without effect.
    archive: { hidden: true, help: "Taken, without effect" },
  },
  examples: [
    { command: "kpod diff web", does: "What a container has written over its image" },
    { command: "kpod diff shop/web shop/cache", does: "What the second container has over the first one" },
    { command: "kpod diff --format json busybox", does: "The uppermost layer of an image, as JSON" },
  ],
} as const satisfies CommandDescription;
