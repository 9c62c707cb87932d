import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "system",
  order: 14,
  summary: "Remove containers without a pod, and unused images",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: {
    all: { short: "a", help: "Remove also images that have names, where nothing uses them" },
    filter: {
      argument: "KEY=VALUE",
      repeatable: true,
      help: "Remove only what came about before a time: until=24h",
      completes: { filters: { until: "nothing" } },
    },
    "dry-run": { short: "n", help: "Show what would be removed, and remove nothing" },
    yes: { short: "y", help: "Do not ask" },
    force: { short: "f", hidden: true, help: "The same as --yes, as docker has it" },
  },
  exclusive: [
    { flags: ["dry-run", "yes"], message: "dry-run and yes are mutually exclusive" },
    { flags: ["dry-run", "force"], message: "dry-run and force are mutually exclusive" },
  ],
  needsRoot: true,
  examples: [
    { command: "kpod system prune --dry-run", does: "See what would be removed" },
    { command: "kpod system prune", does: "Remove it, when it was shown and agreed to" },
    {
      command: "kpod system prune --all --filter until=72h --yes",
      does: "Without a question, and nothing younger",
    },
  ],
} as const satisfies CommandDescription;
