import type { CommandDescription } from "../../shell/command";
import { selectionFlags } from "../shared/flags";

export const command = {
  group: "change",
  order: 40,
  summary: "Freeze containers",
  usage: "[flags] [CONTAINER...]",
  arguments: { min: 0, name: "CONTAINER...", completes: ["running-container"] },
  flags: selectionFlags("that run", "ready-pod"),
  needsRoot: true,
  examples: [
    { command: "kpod pause web", does: "Freeze all processes of a container" },
    { command: "kpod pause --all", does: "Freeze everything that runs" },
  ],
} as const satisfies CommandDescription;
