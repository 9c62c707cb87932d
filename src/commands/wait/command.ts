import type { CommandDescription } from "../../shell/command";
import { selectionFlags } from "../shared/flags";

export const command = {
  group: "change",
  order: 60,
  summary: "Wait until containers have ended, and print their exit codes",
  usage: "[flags] [CONTAINER...]",
  arguments: { min: 0, name: "CONTAINER...", completes: ["live-container"] },
  flags: {
    condition: {
      argument: "CONDITION",
      choices: ["running", "paused", "stopped"],
      default: "stopped",
      help: "What to wait for: running, paused or stopped",
    },
    timeout: {
      argument: "SECONDS",
      type: "number",
      minimum: 0,
      help: "Give up after so many seconds; without it wait for ever",
    },
    ...selectionFlags("that have not ended", "ready-pod"),
    latest: { short: "l", help: "The container that was made last, whatever its state" },
  },
  examples: [
    { command: "kpod wait job", does: "Wait for the end of a container" },
    {
      command: "kpod wait --condition running --timeout 30 web",
      does: "Wait until it runs, half a minute at most",
    },
    { command: "kpod wait --pod shop", does: "Wait for all containers of a pod" },
  ],
} as const satisfies CommandDescription;
