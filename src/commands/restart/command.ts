import type { CommandDescription } from "../../shell/command";
import { startFlags, stopFlags } from "../shared/flags";

export const command = {
  group: "change",
  order: 25,
  summary: "Stop containers and start them again",
  usage: "[flags] CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["container"] },
  flags: {
    time: stopFlags.timeout,
    ...startFlags,
  },
  needsRoot: true,
  examples: [
    { command: "kpod restart web", does: "Ask a container to end, and start it again with the same id" },
    { command: "kpod restart -t 0 web cache", does: "Kill two containers, and start them again" },
  ],
} as const satisfies CommandDescription;
