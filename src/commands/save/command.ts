import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "images",
  order: 22,
  summary: "Write images into an archive",
  usage: "[flags] IMAGE...",
  arguments: { min: 1, name: "IMAGE...", completes: ["image"] },
  flags: {
    output: {
      short: "o",
      argument: "FILE",
      completes: "file",
      help: "Write to a file instead of standard output",
    },
    format: {
      argument: "FORMAT",
      choices: ["docker-archive", "oci-archive"],
      default: "docker-archive",
      help: "Kind of archive: docker-archive or oci-archive",
    },
    quiet: { short: "q", help: "Show no progress" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod save -o busybox.tar busybox", does: "Save an image for docker, podman and kpod load" },
    { command: "kpod save -q app:1 app:2 | ssh node2 tar -t", does: "Write several images to a pipe" },
  ],
} as const satisfies CommandDescription;
