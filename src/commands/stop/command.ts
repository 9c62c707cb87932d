import { command } from "../../shell/command";
import type { FlagSpecs } from "../../shell/flags";

export const stopFlags = {
  timeout: {
    short: "t",
    argument: "SECONDS",
    type: "number",
    minimum: 0,
    default: 10,
    help: "How long a container may take before it is killed; 0 kills at once",
  },
} as const satisfies FlagSpecs;

export const stopCommand = command({
  path: ["stop"],
  group: "change",
  summary: "Stop containers",
  usage: "[flags] CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["running-container"] },
  flags: stopFlags,
  needsRoot: true,
  examples: [
    { command: "kpod stop web", does: "Ask a container to end, and kill it after 10 seconds" },
    { command: "kpod stop -t 0 web cache", does: "Kill two containers" },
  ],
  load: () => import("./run"),
});
