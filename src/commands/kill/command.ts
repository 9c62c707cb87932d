import type { CommandDescription } from "../../shell/command";
import { selectionFlags, signalFlags } from "../shared/flags";

export const command = {
  group: "change",
  order: 30,
  summary: "Send a signal to containers",
  usage: "[flags] [CONTAINER...]",
  arguments: { min: 0, name: "CONTAINER...", completes: ["live-container"] },
  flags: { ...signalFlags, ...selectionFlags("that run or are paused", "ready-pod") },
  needsRoot: true,
  examples: [
    { command: "kpod kill web", does: "End a container at once" },
    { command: "kpod kill -s HUP shop/web", does: "Have a container read its configuration again" },
    { command: "kpod kill -s USR1 --filter name=proxy", does: "Send a signal to all of a name" },
  ],
} as const satisfies CommandDescription;
