import type { CommandDescription } from "../../shell/command";
import { stopFlags } from "../shared/flags";

export const command = {
  group: "change",
  order: 20,
  summary: "Stop containers",
  usage: "[flags] CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["running-container"] },
  flags: stopFlags,
  needsRoot: true,
  examples: [
    { command: "kpod stop web", does: "Ask a container to end, and kill it after 10 seconds" },
    { command: "kpod stop -t 0 web cache", does: "Kill two containers" },
  ],
} as const satisfies CommandDescription;
