import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "system",
  order: 60,
  summary: "List the networks and how many addresses are left",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: {
    quiet: { short: "q", help: "Print the names alone" },
    format: {
      argument: "FORMAT",
      help: "Print json, or what a template of Go makes of each network",
      completes: {
        fields: ["Name", "Status", "CNI", "Plugins", "Subnets", "Used", "Free", "File", "Why"],
      },
    },
    noheading: { help: "Leave the line of headings out" },
  },
  examples: [
    { command: "kpod network ls", does: "Which network is the default, and how many addresses are left" },
    {
      command: "kpod network ls --format '{{.File}}: {{.Why}}'",
      does: "What is wrong with files that are no networks",
    },
  ],
} as const satisfies CommandDescription;
