import type { CommandDescription } from "../../shell/command";
import { selectionFlags, startFlags } from "../shared/flags";

export const command = {
  group: "change",
  order: 15,
  summary: "Start containers",
  usage: "[flags] [CONTAINER...]",
  arguments: { min: 0, name: "CONTAINER...", completes: ["container"] },
  flags: { ...startFlags, ...selectionFlags("that were created or have ended", "ready-pod") },
  needsRoot: true,
  examples: [
    { command: "kpod start web", does: "Start a container that was created, or has ended" },
    { command: "kpod start --pod shop", does: "Start all of a pod that do not run" },
    { command: "kpod start --force web", does: "Also one of a CRI-O that runs" },
  ],
} as const satisfies CommandDescription;
