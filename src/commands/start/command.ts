import type { CommandDescription } from "../../shell/command";
import { attachFlags } from "../shared/attach-flags";
import { selectionFlags, startFlags } from "../shared/flags";

const { all, ...selection } = selectionFlags("that were created or have ended", "ready-pod");

export const command = {
  group: "change",
  order: 15,
  summary: "Start containers",
  usage: "[flags] [CONTAINER...]",
  arguments: { min: 0, name: "CONTAINER...", completes: ["container"] },
  flags: {
    attach: { short: "a", help: "Have what it writes here, from its beginning, and end with its exit code" },
    interactive: { short: "i", help: "The same, and hand on standard input" },
    ...attachFlags,
    ...startFlags,
    // docker and podman have the letter of this one for --attach.
    all: { help: all.help },
    ...selection,
  },
  readsInput: true,
  needsRoot: true,
  examples: [
    { command: "kpod start web", does: "Start a container that was created, or has ended" },
    { command: "kpod start -a job", does: "Start one, see what it writes, and wait for its end" },
    { command: "kpod start --pod shop", does: "Start all of a pod that do not run" },
    { command: "kpod start --force web", does: "Also one of a CRI-O that runs" },
  ],
} as const satisfies CommandDescription;
