import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "images",
  order: 60,
  summary: "Show the steps in which an image was built",
  usage: "[flags] IMAGE",
  arguments: { min: 1, max: 1, name: "IMAGE", completes: ["image"] },
  flags: {
    human: {
      short: "H",
      default: true,
      help: "Print sizes and times for people; --human=false prints bytes and dates",
    },
    "no-trunc": { help: "Print ids and instructions in full" },
    notruncate: { hidden: true, help: "The same as --no-trunc" },
    quiet: { short: "q", help: "Print the image's id only" },
    format: {
      argument: "FORMAT",
      help: "Print json, or what a template of Go makes of each step",
      completes: { fields: ["ID", "Created", "CreatedAt", "CreatedSince", "CreatedBy", "Size", "Comment"] },
    },
  },
  examples: [
    { command: "kpod history busybox", does: "List the steps, the newest first" },
    {
      command: "kpod history --no-trunc --format '{{.CreatedBy}}' busybox",
      does: "Print the instructions of the builder alone",
    },
  ],
} as const satisfies CommandDescription;
