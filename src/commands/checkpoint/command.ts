import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "change",
  order: 52,
  summary: "Write down what containers are doing, to go on from there",
  usage: "[flags] CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["running-container"] },
  flags: {
    export: {
      short: "e",
      argument: "FILE",
      help: "Write an archive, for this node or another one, in the place of keeping the checkpoint with the container",
      completes: "file",
    },
    "leave-running": { short: "R", help: "Let it run on" },
    "tcp-established": { help: "Also where it has connections of TCP, which are kept" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod checkpoint web", does: "Stop a container so that it can go on where it was" },
    {
      command: "kpod checkpoint --export web.tar --leave-running web",
      does: "Take a picture of a container that runs on",
    },
  ],
} as const satisfies CommandDescription;
