import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "images",
  order: 40,
  summary: "Give an image further names",
  usage: "IMAGE NAME...",
  arguments: { min: 2, name: "IMAGE NAME...", completes: ["image", "nothing"] },
  flags: {},
  needsRoot: true,
  examples: [
    { command: "kpod tag busybox app:1", does: "Call it localhost/app:1 as well" },
    {
      command: "kpod tag 3b1f registry.example/shop/app registry.example/shop/app:v2",
      does: "Give an image two names of a registry",
    },
  ],
} as const satisfies CommandDescription;
