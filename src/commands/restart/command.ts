import type { CommandDescription } from "../../shell/command";
import { selectionFlags, startFlags, stopFlags } from "../shared/flags";

export const command = {
  group: "change",
  order: 25,
  summary: "Stop containers and start them again",
  usage: "[flags] [CONTAINER...]",
  arguments: { min: 0, name: "CONTAINER...", completes: ["container"] },
  flags: {
    time: stopFlags.timeout,
    ...startFlags,
    ...selectionFlags("that run", "ready-pod"),
  },
  needsRoot: true,
  examples: [
    { command: "kpod restart web", does: "Ask a container to end, and start it again with the same id" },
    { command: "kpod restart --label app=web", does: "Restart the containers of an app" },
    { command: "kpod restart -t 0 web cache", does: "Kill two containers, and start them again" },
  ],
} as const satisfies CommandDescription;
