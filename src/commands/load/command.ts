import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "images",
  order: 20,
  summary: "Load an image from an archive or an OCI layout",
  usage: "[flags] [-i FILE] [NAME] | FILE",
  arguments: { min: 0, max: 1, name: "FILE", completes: ["file"] },
  flags: {
    input: {
      short: "i",
      argument: "FILE",
      completes: "file",
      help: "Archive to read, which may be a pipe; an argument is then the NAME of the image in it",
    },
    tag: { argument: "NAME", help: "Name of the image in the store; without it the one in the archive" },
    quiet: { short: "q", help: "Print the image's id only" },
  },
  readsInput: true,
  needsRoot: true,
  examples: [
    { command: "kpod load busybox.tar", does: "Load an archive of docker or OCI" },
    { command: "kpod load -i tools.tar busybox", does: "Load one of the images of an archive" },
    { command: "kpod load --tag localhost/app:1 build/app", does: "Load an OCI layout under a name" },
  ],
} as const satisfies CommandDescription;
