import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "system",
  order: 18,
  summary: "Show what doctor has mended",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: { noheading: { help: "Leave the line of headings out" } },
  examples: [
    { command: "kpod doctor history", does: "A line for each finding that was mended" },
    { command: "kpod doctor history --noheading | tail -1", does: "The last one" },
  ],
} as const satisfies CommandDescription;
