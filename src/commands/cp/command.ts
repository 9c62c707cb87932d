import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "change",
  order: 85,
  summary: "Copy files between containers and the node",
  usage: "[flags] SRC DST",
  arguments: { min: 2, max: 2, name: "SRC DST", completes: ["container-path", "container-path"] },
  flags: {
    archive: { short: "a", help: "Keep owners, and the rights that programs have by them; copy devices" },
    "follow-link": { short: "L", help: "Copy what SRC leads to, where it is a symbolic link" },
  },
  readsInput: true,
  needsRoot: true,
  examples: [
    {
      command: "kpod cp shop/web:/etc/nginx/nginx.conf .",
      does: "A file of a container, into this directory",
    },
    { command: "kpod cp debug.sh shop/web:/tmp/", does: "A file into a directory of a container" },
    { command: "kpod cp shop/web:/var/log/. logs", does: "What is in a directory, without the directory" },
    { command: "kpod cp shop/web:/srv - | tar -t", does: "As a tar archive" },
  ],
} as const satisfies CommandDescription;
