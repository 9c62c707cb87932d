import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "change",
  order: 90,
  summary: "Mount the file system of a container or an image",
  usage: "[flags] [NAME]",
  arguments: { min: 0, max: 1, name: "[NAME]", completes: ["any"] },
  flags: {
    format: { argument: "FORMAT", choices: ["json"], help: "Print JSON" },
    "no-trunc": { help: "Print ids in full" },
    notruncate: { hidden: true, help: "The same as --no-trunc" },
    label: { argument: "LABEL", help: "SELinux label of the mount, instead of the container's own" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod mount shop/web", does: "Look at what a container has on disk" },
    { command: "kpod mount busybox", does: "An image, which can only be read" },
    { command: "kpod mount", does: "List what is mounted" },
  ],
} as const satisfies CommandDescription;
