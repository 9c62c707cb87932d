import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "look",
  order: 36,
  summary: "Write the file system of a container as a tar archive",
  usage: "[flags] CONTAINER",
  arguments: { min: 1, max: 1, name: "CONTAINER", completes: ["container"] },
  flags: {
    output: {
      short: "o",
      argument: "FILE",
      help: "Write to a file instead of standard output",
      completes: "file",
    },
  },
  examples: [
    { command: "kpod export -o web.tar shop/web", does: "Keep what a container has on disk" },
    { command: "kpod export web | tar -t", does: "List its files" },
  ],
} as const satisfies CommandDescription;
