import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "system",
  order: 28,
  summary: "Collect what others need to find out what is wrong here",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: {
    output: {
      short: "o",
      argument: "FILE",
      help: "Write to this file, - for standard output; kpod-report-NODE-TIME.tar.gz without it",
      completes: "file",
    },
    "max-size": {
      argument: "SIZE",
      default: "128m",
      help: "Bytes of all files together, before they are compressed",
    },
  },
  examples: [
    { command: "kpod report", does: "A support bundle in the working directory" },
    {
      command: "kpod report -o - | ssh admin@jump 'cat > node1.tar.gz'",
      does: "Straight to another machine",
    },
  ],
} as const satisfies CommandDescription;
