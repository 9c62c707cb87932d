import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "system",
  order: 30,
  summary: "Keep what there is on this node, to compare it later",
  usage: "[flags] FILE",
  arguments: { min: 1, max: 1, name: "FILE", completes: ["file"] },
  flags: {},
  examples: [
    { command: "kpod state save before.json", does: "Before an upgrade of the node" },
    { command: "kpod state save - | jq .versions", does: "To standard output" },
  ],
} as const satisfies CommandDescription;
