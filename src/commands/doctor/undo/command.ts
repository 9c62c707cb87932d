import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "system",
  order: 17,
  summary: "Undo what doctor has mended",
  usage: "[flags] [TIME]",
  arguments: { min: 0, max: 1, name: "TIME" },
  flags: { yes: { short: "y", help: "Do not ask" } },
  needsRoot: true,
  examples: [
    { command: "kpod doctor undo", does: "Take the last mending back, when it was shown and agreed to" },
    {
      command: "kpod doctor undo 20261127T031502.118Z --yes",
      does: "One of kpod doctor history, without a question",
    },
  ],
} as const satisfies CommandDescription;
