import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "change",
  order: 91,
  // kpod 1.0.0 was called so, too.
  alias: "unmount",
  summary: "Unmount the file system of a container or an image",
  usage: "[flags] NAME",
  arguments: { min: 1, max: 1, name: "NAME", completes: ["any"] },
  flags: {
    force: { short: "f", help: "Unmount it for all who have it mounted, be it of a container that runs" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod umount shop/web", does: "End what kpod mount began" },
    { command: "kpod umount --force shop/web", does: "Unmount it whoever has it mounted" },
  ],
} as const satisfies CommandDescription;
