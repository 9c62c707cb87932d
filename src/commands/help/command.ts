import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "system",
  order: 30,
  summary: "Show the help of a command",
  usage: "[COMMAND...]",
  arguments: { min: 0, name: "COMMAND...", completes: ["command"] },
  flags: {},
  examples: [
    { command: "kpod help", does: "List all commands" },
    { command: "kpod help pod run", does: "Show the help of kpod pod run" },
  ],
} as const satisfies CommandDescription;
