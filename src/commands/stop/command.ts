import type { CommandDescription } from "../../shell/command";
import { selectionFlags, stopFlags } from "../shared/flags";

export const command = {
  group: "change",
  order: 20,
  summary: "Stop containers",
  usage: "[flags] [CONTAINER...]",
  arguments: { min: 0, name: "CONTAINER...", completes: ["running-container"] },
  flags: { ...stopFlags, ...selectionFlags("that run", "ready-pod") },
  needsRoot: true,
  examples: [
    { command: "kpod stop web", does: "Ask a container to end, and kill it after 10 seconds" },
    { command: "kpod stop -t 0 web cache", does: "Kill two containers" },
    { command: "kpod stop --all", does: "Stop everything that runs" },
    { command: "kpod stop --label app=web", does: "Stop the containers of an app" },
  ],
} as const satisfies CommandDescription;
