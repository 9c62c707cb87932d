import type { CommandDescription } from "../../shell/command";
import { signalFlags } from "../shared/flags";

export const command = {
  group: "change",
  order: 30,
  summary: "Send a signal to containers",
  usage: "[flags] CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["live-container"] },
  flags: signalFlags,
  needsRoot: true,
  examples: [
    { command: "kpod kill web", does: "End a container at once" },
    { command: "kpod kill -s HUP shop/web", does: "Have a container read its configuration again" },
  ],
} as const satisfies CommandDescription;
