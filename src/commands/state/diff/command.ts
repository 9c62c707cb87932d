import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "system",
  order: 32,
  summary: "Show what differs between a kept state and this node",
  usage: "[flags] FILE [FILE]",
  arguments: { min: 1, max: 2, name: "FILE [FILE]", completes: ["file", "file"] },
  flags: {
    format: { argument: "FORMAT", choices: ["table", "json"], help: "Print table or json" },
    "no-trunc": { help: "Print ids in full, and each layer" },
  },
  failed: 2,
  examples: [
    { command: "kpod state diff before.json", does: "What an upgrade has changed" },
    { command: "kpod state diff before.json after.json", does: "Compare two kept states" },
  ],
} as const satisfies CommandDescription;
