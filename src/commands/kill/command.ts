import { command } from "../../shell/command";
import type { FlagSpecs } from "../../shell/flags";

export const killFlags = {
  signal: {
    short: "s",
    argument: "SIGNAL",
    default: "KILL",
    help: "Signal to send, by name or number",
    completes: "signal",
  },
} as const satisfies FlagSpecs;

export const killCommand = command({
  path: ["kill"],
  group: "change",
  summary: "Send a signal to containers",
  usage: "[flags] CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["live-container"] },
  flags: killFlags,
  needsRoot: true,
  examples: [
    { command: "kpod kill web", does: "End a container at once" },
    { command: "kpod kill -s HUP shop/web", does: "Have a container read its configuration again" },
  ],
  load: () => import("./run"),
});
