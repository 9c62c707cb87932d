import { command } from "../../shell/command";
import type { FlagSpecs } from "../../shell/flags";

export const rmiFlags = {
  force: { short: "f", help: "Remove images also that containers use or that have several names" },
} as const satisfies FlagSpecs;

export const rmiCommand = command({
  path: ["rmi"],
  group: "images",
  summary: "Remove images",
  usage: "[flags] IMAGE...",
  arguments: { min: 1, name: "IMAGE...", completes: ["image"] },
  flags: rmiFlags,
  needsRoot: true,
  examples: [
    { command: "kpod rmi localhost/app:1", does: "Remove a name, and with the last one the image" },
    { command: "kpod rmi -f 3b1f", does: "Remove an image with all its names" },
  ],
  load: () => import("./run"),
});
