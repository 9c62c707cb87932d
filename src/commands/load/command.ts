import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "images",
  order: 20,
  summary: "Load an image from an archive or an OCI layout",
  usage: "[flags] FILE",
  arguments: { min: 1, max: 1, name: "FILE", completes: ["file"] },
  flags: {
    tag: { argument: "NAME", help: "Name of the image in the store; without it the one in the archive" },
    quiet: { short: "q", help: "Print the image's id only" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod load busybox.tar", does: "Load an archive of docker or OCI" },
    { command: "kpod load --tag localhost/app:1 build/app", does: "Load an OCI layout under a name" },
  ],
} as const satisfies CommandDescription;
