import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "system",
  order: 12,
  summary: "Show what takes the room on the disk, and what is not used",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: {
    verbose: {
      short: "v",
      help: "Show each image, container, log and so on, with what its removal would free",
    },
    format: {
      argument: "FORMAT",
      help: "Print json, or what a template of Go makes of each line",
      completes: {
        fields: [
          "Type",
          "TotalCount",
          "Active",
          "Size",
          "Reclaimable",
          "ID",
          "Name",
          "Path",
          "Shared",
          "Frees",
        ],
      },
    },
    "no-trunc": { help: "Print ids and names in full" },
    noheading: { help: "Leave the line of headings out" },
  },
  examples: [
    { command: "kpod system df", does: "A line for images, containers, logs and all else" },
    { command: "kpod system df -v", does: "A line for each of them" },
    {
      command: "kpod system df --format json | jq '.[4].reclaimable'",
      does: "Bytes of what no record has",
    },
  ],
} as const satisfies CommandDescription;
